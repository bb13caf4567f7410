"""Photos in a plane, against scikit-learn's figures and a search of all layouts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from sklearn import metrics
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness as reference

import cutaway as cw
from cutaway.dataset.layout import on_grid
from cutaway.dataset.quality import silhouette, trustworthiness
from cutaway.dataset.reduce import reduced
from cutaway.errors import BadSetting
from cutaway.view.scatter import label_colours, scatter

SOURCE = np.random.default_rng(2)
ROWS = np.concatenate([SOURCE.normal(k, 1, (20, 12)) for k in range(3)]).astype(np.float32)
LABELS = [f"{k}" for k in range(3) for _ in range(20)]


def test_principal_components_are_scikit_learns():
    right = PCA(2).fit(ROWS)
    found = reduced(ROWS, "pca")
    assert np.allclose(np.abs(found.points), np.abs(right.transform(ROWS)), atol=1e-4)
    assert np.allclose(
        found.place(ROWS[:5] + 1), found.points[:5] + found.place(ROWS[:1] + 1) - found.points[:1], atol=1e-4
    )
    wide = reduced(ROWS[:8].repeat(3, 1), "pca").points  # fewer rows than numbers
    assert np.allclose(np.abs(wide), np.abs(PCA(2).fit_transform(ROWS[:8].repeat(3, 1))), atol=1e-4)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_neighbours_stay_neighbours_and_a_seed_gives_one_picture(method):
    found = reduced(ROWS, method, seed=3, neighbors=15)
    assert trustworthiness(ROWS, found.points) > 0.75
    assert silhouette(found.points, LABELS) > 0.3
    assert np.array_equal(reduced(ROWS, method, seed=3, neighbors=15).points, found.points)
    # A photo that is there already is placed near itself.
    again = found.place(ROWS[:9])
    assert np.median(np.linalg.norm(again - found.points[:9], axis=1)) < 0.2 * np.ptp(found.points)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_torch_keeps_its_threads(method):
    before = torch.get_num_threads()
    torch.set_num_threads(1 + before)
    try:
        found = reduced(ROWS, method, neighbors=5)
        assert torch.get_num_threads() == 1 + before
        found.place(ROWS[:2])
        assert torch.get_num_threads() == 1 + before
    finally:
        torch.set_num_threads(before)


def test_figures_are_scikit_learns():
    points = ROWS[:, :2] + SOURCE.normal(0, 0.5, (60, 2))
    assert silhouette(points, LABELS) == pytest.approx(metrics.silhouette_score(points, LABELS), abs=1e-6)
    assert trustworthiness(ROWS, points) == pytest.approx(reference(ROWS, points, n_neighbors=5), abs=1e-6)
    some = [None if k % 5 == 0 else label for k, label in enumerate(LABELS)]
    keep = [k for k, label in enumerate(some) if label is not None]
    right = metrics.silhouette_score(points[keep], [some[k] for k in keep])
    assert silhouette(points, some) == pytest.approx(right, abs=1e-6)
    assert silhouette(points, [None] * 60) is None


def test_the_grid_is_the_best_of_all_layouts():
    points = np.random.default_rng(0).random((6, 2))
    cells = on_grid(points, columns=3)
    assert len({tuple(cell) for cell in cells}) == 6
    unit = (points - points.min(0)) / np.ptp(points, axis=0)
    middles = np.array([((c + 0.5) / 3, (r + 0.5) / 2) for r in range(2) for c in range(3)])
    best = min(((unit - middles[list(order)]) ** 2).sum() for order in itertools.permutations(range(6)))
    own = ((unit - (cells[:, ::-1] + 0.5) / np.array([3, 2])) ** 2).sum()
    assert own == pytest.approx(best)


def test_an_index_is_embedded_and_its_photos_laid_out(index, net, tmp_path):
    found = cw.embed(index, "pca")
    assert found.points.shape == (70, 2)  # the broken one is left out
    assert "silhouette of the labels" in found.caption
    assert found.silhouette > 0.1  # dark and light
    drawn = found.photo_map(tile=16)
    assert drawn.size == (8 * 17 - 1, 9 * 17 - 1)
    placed = found.place([index.path(photo) for photo in found.photos[:3]], network=net)
    assert np.allclose(placed, found.points[:3], atol=1e-3)
    with np.load(found.save(tmp_path / "a.npz")) as kept:
        assert kept["labels"][0] in ("dark", "light")
    assert found.save(tmp_path / "a.png").exists()


def test_what_cannot_be_embedded(index):
    with pytest.raises(BadSetting, match="method takes pca, tsne, umap, got 'sne'"):
        cw.embed(index, "sne")
    with pytest.raises(BadSetting, match="tsne needs at least 10 photos, got 9"):
        reduced(ROWS[:9], "tsne")
    with pytest.raises(BadSetting, match="tile must be at least 4"):
        cw.embed(index, "pca").photo_map(tile=1)


def test_colours_of_labels():
    colours = label_colours([f"{k:02d}" for k in range(30)] + ["05"])
    assert len(colours) == len(set(colours.values())) == 14
    assert next(iter(colours)) == "05"
    drawn = scatter(np.array([[0.0, 0.0], [4.0, 0.0]]), ["a", "b"], side=200)
    assert drawn.size[0] == 100
    found = {tuple(pixel) for pixel in drawn.pixels.reshape(-1, 3)}
    assert set(label_colours(["a", "b"]).values()) <= found
