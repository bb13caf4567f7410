"""What tells labels apart in features: a linear probe, and what it says of photos that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cutaway.dataset.learning import scikit_learn

__all__ = ["Probe"]

_FOLDS = 5
_STRENGTHS = np.logspace(-3, 4, 8)


@dataclass(frozen=True)
class Probe:
    """Linear rules from features to labels: one fitted to all photos, and one without each fold of them.

    Args:
        weight: of each rule and label, in the features' units; the last rule is the one fitted to all.
        bias: of each rule and label.
        fold: for each photo, the rule that was fitted without it.
    """

    weight: Float[np.ndarray, "rules labels c"]
    bias: Float[np.ndarray, "rules labels"]
    fold: Int[np.ndarray, " n"]

    @classmethod
    def fitted(cls, features: Float[np.ndarray, "n c"], labels: Int[np.ndarray, " n"]) -> Probe:
        """Fit ridge regression to the labels, each feature first brought to one spread.

        Args:
            features: of photos.
            labels: 0 … labels − 1, each there at least twice.

        Raises:
            BadSetting: where scikit-learn is not installed.

        Source: Alain and Bengio, "Understanding intermediate layers using linear classifier probes", 2016.

        >>> rule = Probe.fitted(np.array([[0.0], [0.1], [1.0], [1.1]]), np.array([0, 0, 1, 1]))
        >>> rule.scores(np.array([[0.2], [0.9]])).argmax(1).tolist()
        [0, 1]
        """
        learn = scikit_learn()
        spread = np.maximum(features.std(0), 1e-12)
        scaled = features / spread
        whole = learn.linear_model.RidgeClassifierCV(_STRENGTHS, class_weight="balanced").fit(scaled, labels)
        folds = learn.model_selection.StratifiedKFold(
            min(_FOLDS, int(np.bincount(labels).min())), shuffle=True, random_state=0
        )
        rules, fold = [], np.zeros(len(labels), np.int64)
        for number, (seen, unseen) in enumerate(folds.split(scaled, labels)):
            part = learn.linear_model.RidgeClassifier(whole.alpha_, class_weight="balanced")
            rules.append(part.fit(scaled[seen], labels[seen]))
            fold[unseen] = number
        found = [_two_sided(rule.coef_, rule.intercept_) for rule in (*rules, whole)]
        return cls(np.stack([w for w, _ in found]) / spread, np.stack([b for _, b in found]), fold)

    def scores(self, features: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n labels"]:
        """Give each label's score by the rule that was fitted to all; the largest decides."""
        found: np.ndarray = features @ self.weight[-1].T + self.bias[-1]
        return found


def _two_sided(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give every label a score: of two, a fit tells one score, for the second."""
    if bias.size > 1:
        return weight, bias
    one, shift = weight.reshape(1, -1), bias.reshape(1)
    return np.concatenate([-one, one]), np.concatenate([-shift, shift])
