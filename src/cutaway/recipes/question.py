"""Which classes a person wants to see in a photo, and how to ask for all of them in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsIndex

from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit
from cutaway.objectives.objective import Objective
from cutaway.recipes.answer import Answer

__all__ = ["Asked", "Class", "Question"]

MOST_CLASSES = 25
Class = SupportsIndex | str


class Question:
    """Which classes a person wants to see.

    Raises:
        BadSetting, UnknownClass: for what cannot be asked.

    >>> from torch import nn
    >>> Question(Network(nn.ReLU(), classes=["cat", "dog"]), "dog", None, 3).named
    [1]
    """

    def __init__(
        self,
        network: Network,
        classes: Class | Sequence[Class] | None,
        true: Class | None,
        top: int,
    ) -> None:
        if not 1 <= top <= MOST_CLASSES:
            raise BadSetting(f"top must be at least 1 and at most {MOST_CLASSES}, got {top}")
        if classes is not None and true is not None:
            raise BadSetting(
                "give classes or true, not both: true draws the predicted class beside the true one"
            )
        single = (
            isinstance(classes, str) or getattr(classes, "ndim", 1) == 0 or not isinstance(classes, Iterable)
        )
        several: list[Any] | None = None if classes is None else [classes] if single else list(classes)  # type: ignore[arg-type]
        if several is not None and not several:
            raise BadSetting("classes needs at least one class, got none")
        self.named = None if several is None else [network.class_index(wanted) for wanted in several]
        self.given = None if several is None else [c if isinstance(c, str) else int(c) for c in several]
        self.true = None if true is None else network.class_index(true)
        most = network.class_count or top
        self.top = min(top, most)
        self.count = min(2, most) if true is not None else len(self.named) if self.named else self.top


class Asked:
    """The question put to one photo: which classes they are is known only once the network has answered."""

    def __init__(
        self, network: Network, images: Tensor, question: Question, output: int | str | None
    ) -> None:
        self._network, self._images, self._question, self._output = network, images, question, output
        self._probe = class_logit(0, output)
        self.answer: Answer
        self.drawn: list[tuple[str, int]] = []
        self.objective = Objective("the classes drawn", self._probe.layers, self._score)

    def answer_first(self) -> None:
        """Let the photo itself say which classes they are, before a method shows the network other images too."""
        self._hear(Answer.asked(self._network, self._images, self._output))

    def _score(self, activations: Mapping[str, Tensor]) -> Tensor:
        logits = activations[self._probe.layers[0]]
        if not self.drawn:
            self._probe.score(activations)  # refuses an output that holds no classes
            self._hear(Answer.of(self._network, self._images, logits[0].detach(), self._output))
        if len(logits) != len(self.drawn):
            raise BadSetting(f"{len(self.drawn)} classes were asked of a batch of {len(logits)}")
        return class_logit([k for _, k in self.drawn], self._output).score(activations)

    def _hear(self, answer: Answer) -> None:
        self.answer = answer
        self.drawn = self._chosen(self._question)

    def _chosen(self, question: Question) -> list[tuple[str, int]]:
        order = self.answer.order
        if question.true is None:
            return [("", k) for k in (question.named or order[: question.count])]
        if question.true == order[0]:
            return [("predicted and true: ", order[0]), ("then: ", order[1])][: question.count]
        return [("predicted: ", order[0]), ("true: ", question.true)]
