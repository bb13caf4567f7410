"""Which labels channels fire for: by hand, and against scikit-learn; on a scan, channel by channel."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest
import torch
from sklearn import metrics

import cutaway as cw
from cutaway.dataset.purity import (
    homogeneity,
    label_figures,
    most_frequent,
    shuffled_hits,
    silent,
    strongest_photos,
    ties,
)
from cutaway.errors import BadIndex, BadSetting
from cutaway.recipes.scanned_network import scanned_network


def test_average_precision_by_hand():
    found = {one.label: one for one in label_figures(np.array([5.0, 4.0, 3.0, 2.0, 1.0]), list("abaab"))}
    assert found["a"].average_precision == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
    assert found["b"].average_precision == pytest.approx((1 / 2 + 2 / 5) / 2)
    assert found["a"].auc == pytest.approx(4 / 6)  # of six pairs, 5>4, 5>1, 3>1, 2>1
    assert (found["a"].chance, found["a"].mean, found["a"].photos) == (0.6, pytest.approx(10 / 3), 3)
    # All equal: no order is made up, and average precision is the share.
    tied = label_figures(np.zeros(6), list("aabbbb"))
    assert [(one.label, one.average_precision, one.auc) for one in tied] == [
        ("b", 4 / 6, 0.5),
        ("a", 2 / 6, 0.5),
    ]


@pytest.mark.parametrize("decimals", [8, 1, 0])
def test_figures_are_scikit_learns(decimals):
    source = np.random.default_rng(4)
    values = np.maximum(source.normal(0, 1, 90).round(decimals), 0)
    labels = [str(k) for k in source.integers(0, 5, 90)]
    values[::11] = np.nan
    labels = [None if k % 7 == 3 else label for k, label in enumerate(labels)]
    kept = [k for k in range(90) if labels[k] is not None and not np.isnan(values[k])]
    found = label_figures(values, labels)
    assert len(found) == 5
    for one in found:
        right = [labels[k] == one.label for k in kept]
        assert one.average_precision == pytest.approx(metrics.average_precision_score(right, values[kept]))
        assert one.auc == pytest.approx(metrics.roc_auc_score(right, values[kept]))
    assert found == sorted(found, key=lambda one: -one.average_precision)


def test_labels_of_one_photo_and_photos_without():
    assert [one.label for one in label_figures(np.array([3.0, 2.0, 1.0]), ["a", "b", "b"])] == ["b"]
    assert label_figures(np.array([3.0, 2.0]), [None, None]) == []


def test_counting_leaves_silent_photos_out():
    assert most_frequent(["a", "b", "b", None]) == ("b", 2)
    assert most_frequent(["a", "b"], prefer=["b", "a"]) == ("b", 1)
    assert most_frequent([None]) == (None, 0)
    assert silent(np.array([0.0, 2.0, np.nan, 0.0])).tolist() == [True, False, False, True]
    assert silent(np.array([-3.0, 2.0, 1.0])).tolist() == [False] * 3


def test_equal_photos_come_in_no_order_of_their_own():
    """The first photos of a folder would make a channel that ends at 6 look pure."""
    labels = ["a"] * 50 + ["b"] * 50
    maxima = np.full((100, 1), 6.0)
    maxima[40, 0], maxima[7, 0] = 9.0, 0.0
    hits = []
    for seed in range(200):
        chosen = strongest_photos(maxima, 9, seed)[:, 0]
        assert chosen[0] == 40
        assert len(set(chosen)) == 9
        assert 7 not in chosen
        hits.append(most_frequent([labels[photo] for photo in chosen])[1])
    assert 5.5 < np.mean(hits) < 6.5
    assert (ties(maxima[:, 0], 9), ties(maxima[:, 0], 1), ties(maxima[:, 0], 99)) == (98, 0, 0)
    distinct = np.random.default_rng(0).normal(size=(30, 2))
    assert np.array_equal(strongest_photos(distinct, 5, 3), np.argsort(-distinct, axis=0)[:5])


def test_dealt_labels_keep_their_counts():
    labels = ["a"] * 3 + ["b"] * 9
    photos = np.arange(12)[:, None]
    assert set(shuffled_hits(photos, labels, 20).ravel()) == {9}
    two = shuffled_hits(np.array([[0, 3], [1, -1]]), labels, 4000)
    # Two of twelve share a label with 3/12 · 2/11 + 9/12 · 8/11.
    assert two[:, 0].mean() == pytest.approx(1 + 78 / 132, abs=0.03)
    assert (two[:, 1] == 1).all()


def test_homogeneity_is_the_mean_of_all_pairs():
    source = np.random.default_rng(1)
    columns, mean = source.normal(size=(7, 9)), source.normal(size=9)
    centred = np.delete(columns - mean, 4, 1)
    pairs = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in itertools.combinations(centred, 2)]
    assert homogeneity(columns, mean, 4) == pytest.approx(np.mean(pairs))
    assert homogeneity(columns[:1].repeat(5, 0), mean) == pytest.approx(1)
    assert np.isnan(homogeneity(columns[:1], mean))


def test_a_layers_table_is_what_the_index_says(index, net):
    table = cw.purity(index, "4", network=net)
    assert table.columns == ("channel", "label", "of 5", "best detected", "average precision", "homogeneity")
    assert sorted(row["channel"] for row in table) == list(range(8))
    mean, seen = np.nanmean(index.means("4"), 0), scanned_network(index, net)
    for row in table:
        channel = row["channel"]
        maxima = index.channel("4", channel)
        firing = [one for one in index.top("4", channel) if one.value > np.nanmin(maxima) or one.value > 0]
        names = [one.label for one in firing]
        assert row["of 5"] == max((names.count(label) for label in set(names)), default=0)
        if len(firing) < 2:
            continue
        columns = [
            cw.capture(seen, seen.prepare(one.path), "4")["4"][0, :, one.y, one.x].numpy() for one in firing
        ]
        assert row["homogeneity"] == pytest.approx(homogeneity(np.array(columns), mean, channel), abs=2e-4)
    assert [row["of 5"] for row in table] == sorted((row["of 5"] for row in table), reverse=True)
    pure = sum(row["of 5"] >= 4 for row in table)  # 7 of 9 is 4 of 5
    assert table.notes[0].startswith(f"{pure} of 8 channels of 4 have 4 or more of their 5 strongest photos")
    assert "places at random" in table.notes[-1]


def test_dead_channels_have_no_label(index):
    """Which of equal photos stand first is the order of the folders, and would look pure."""
    rows = {row["channel"]: row for row in cw.purity(index, "1", alike=False)}
    assert (rows[0]["label"], rows[0]["of 5"], rows[0]["best detected"]) == ("", 0, "")
    assert "Silent in all of these photos: 1 of them." in cw.purity(index, "1", alike=False).notes[1]


def test_layers_without_places_have_columns_too(index, net):
    table = cw.purity(index, "@logits", network=net)
    assert len(table) == 2
    assert all(-1 <= row["homogeneity"] <= 1 for row in table)


def test_what_has_no_purity(index, net, tmp_path):
    with pytest.raises(BadSetting, match="keeps the 5 strongest"):
        cw.purity(index, "1", k=9, network=net)
    with pytest.raises(BadSetting, match="shuffles must be at least 1"):
        cw.purity(index, "1", shuffles=0)
    plain = tmp_path / "plain"
    plain.mkdir()
    for photo in range(3):
        shutil.copy(index.path(photo + 1), plain)
    torch.manual_seed(0)
    bare = cw.scan(net, plain, tmp_path / "index", engine="serial", top=2)
    with pytest.raises(BadIndex, match="has no labels.*--labels photos.csv"):
        cw.purity(bare, "1")
    page = cw.unit_page(bare, "1:2", network=net)
    assert page.provenance["units"][0]["labels"] == []
    assert "photos are" not in page.lead
