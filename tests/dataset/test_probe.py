"""A linear probe: against scikit-learn's own rules, and on features that say nothing."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import RidgeClassifier

from cutaway.dataset.probe import Probe


def features(labels=3, each=20, apart=4.0):
    source = np.random.default_rng(0)
    places = np.repeat(np.arange(labels), each)
    return source.normal(size=(labels * each, 8)) + apart * np.eye(labels, 8)[places], places


def test_labels_that_lie_apart_are_told():
    held, places = features()
    rule = Probe.fitted(held, places)
    assert (rule.scores(held).argmax(1) == places).mean() > 0.95


def test_each_fold_has_a_rule_that_has_not_seen_it():
    held, places = features()
    rule = Probe.fitted(held, places)
    assert rule.weight.shape == (6, 3, 8)
    for fold in range(5):
        seen = rule.fold != fold
        assert (~seen).sum() == 12
        spread = held.std(0)
        # The strength is chosen once, for all; one of those that are tried makes the same rule.
        own = [
            RidgeClassifier(strength, class_weight="balanced").fit(held[seen] / spread, places[seen]).coef_
            / spread
            for strength in np.logspace(-3, 4, 8)
        ]
        assert min(np.abs(rule.weight[fold] - weight).max() for weight in own) < 1e-8


def test_noise_is_not_told_by_rules_that_have_not_seen_it():
    held = np.random.default_rng(1).normal(size=(60, 200))
    places = np.repeat([0, 1], 30)
    rule = Probe.fitted(held, places)
    unseen = np.einsum("nlc,nc->nl", rule.weight[rule.fold], held) + rule.bias[rule.fold]
    assert (rule.scores(held).argmax(1) == places).mean() > 0.9
    assert (unseen.argmax(1) == places).mean() < 0.75


def test_two_labels_have_two_scores():
    held, places = features(labels=2)
    scores = Probe.fitted(held, places).scores(held)
    np.testing.assert_allclose(scores[:, 0], -scores[:, 1])
