"""Which channels tell some photos from the rest, against scikit-learn's area under the curve."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cutaway.dataset.contrast import contrast

SOURCE = np.random.default_rng(5)


def test_the_best_channels_and_their_figures_are_scikit_learns():
    maxima = SOURCE.normal(0, 1, (60, 30)).astype(np.float32)
    chosen = SOURCE.random(60) < 0.4
    maxima[chosen, 7] += 2
    maxima[chosen, 11] += 1
    maxima[chosen, 3] -= 3
    found = contrast(maxima, chosen, most=4)
    right = {channel: roc_auc_score(chosen, maxima[:, channel]) for channel in range(30)}
    assert [one.channel for one in found] == sorted(right, key=lambda k: -right[k])[:4]
    for one in found:
        assert one.auc == pytest.approx(right[one.channel])
        assert one.inside == pytest.approx(maxima[chosen, one.channel].mean(), abs=1e-5)
        assert one.outside == pytest.approx(maxima[~chosen, one.channel].mean(), abs=1e-5)


def test_skipped_photos_are_on_neither_side_and_few_say_nothing():
    maxima = np.array([[1.0], [2.0], [np.nan], [0.0], [0.5]])
    both = contrast(maxima, np.array([True, True, True, False, False]))
    assert [(one.inside, one.auc) for one in both] == [(1.5, 1.0)]
    assert contrast(maxima, np.array([True, False, True, False, False])) == []
    assert contrast(maxima, np.ones(5, bool)) == []
