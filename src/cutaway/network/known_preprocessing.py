"""A network's preprocessing, for what cannot do without."""

from __future__ import annotations

from cutaway.errors import BadSetting
from cutaway.network.preprocessing import Preprocessing

__all__ = ["known_preprocessing"]


def known_preprocessing(preprocessing: Preprocessing | None, name: str) -> Preprocessing:
    """Give a preprocessing, or say why there must be one.

    Args:
        preprocessing: of a network.
        name: of the network.

    Raises:
        BadSetting: where there is none.

    >>> known_preprocessing(None, "Mine")
    Traceback (most recent call last):
    cutaway.errors.BadSetting: Mine has no preprocessing, and a wrong one would give wrong answers without a word...
    """
    if preprocessing is None:
        raise BadSetting(
            f"{name} has no preprocessing, and a wrong one would give wrong answers without a word. "
            "Say how its photos were prepared in training: "
            "Network(module, preprocessing=Preprocessing(size=224, mean=…, std=…))"
        )
    return preprocessing
