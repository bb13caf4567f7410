"""How a score rises during an ascent, told to whoever listens: a page draws it as a curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from jaxtyping import Float
from torch import Tensor

__all__ = ["scores_heard", "tell_scores"]

_listener: ContextVar[Callable[[Tensor], None] | None] = ContextVar("scores_listener", default=None)


@contextmanager
def scores_heard(listener: Callable[[Tensor], None]) -> Iterator[None]:
    """Tell `listener` the scores (n,) of each step of the ascents inside `with`, before the step's preview.

    >>> import torch
    >>> seen = []
    >>> with scores_heard(lambda scores: seen.append(scores.tolist())):
    ...     tell_scores(torch.tensor([2.0]))
    >>> seen
    [[2.0]]
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell_scores(scores: Float[Tensor, " n"]) -> None:
    """Say what each image scored at this step; nobody need listen.

    >>> import torch
    >>> tell_scores(torch.zeros(1))
    """
    listener = _listener.get()
    if listener is not None:
        listener(scores)
