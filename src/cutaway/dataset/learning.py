"""scikit-learn, where it is installed."""

from __future__ import annotations

from typing import Any

from cutaway.errors import BadSetting

__all__ = ["scikit_learn"]


def scikit_learn() -> Any:
    """Give the package with the parts that are used of it.

    Raises:
        BadSetting: where it is not installed, with how to.

    >>> scikit_learn().__name__
    'sklearn'
    """
    try:
        import sklearn
        import sklearn.cluster
        import sklearn.linear_model
        import sklearn.model_selection
    except ImportError as error:
        raise BadSetting('this needs scikit-learn: pip install "cutaway[audit]"') from error
    return sklearn
