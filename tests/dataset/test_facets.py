"""Facets: the division of photos, which photos are taken, their mean, what an image reaches, and what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

import cutaway as cw
from cutaway.dataset.facets import facets_of
from cutaway.errors import BadIndex, BadSetting, UnknownClass, UnknownLayer
from cutaway.recipes.scanned_network import scanned_network


@pytest.fixture(scope="module")
def sheet(net, index):
    return cw.facets(net, index, "light", count=2, steps=6)


def prepared(net, index, names):
    seen = scanned_network(index, net)
    return torch.cat([seen.prepare(index.root / name).as_subclass(torch.Tensor) for name in names])


def test_planted_kinds_are_found_the_largest_first():
    source = np.random.default_rng(3)
    kind = source.permutation([0] * 30 + [1] * 20 + [2] * 10)
    features = (np.eye(6)[kind] * 4 + source.normal(0, 0.3, (60, 6))).astype(np.float32)
    features[7] = np.nan  # skipped
    photos = [n for n in range(60) if n != 7 and (kind[n] != 1 or n % 2)]
    found = facets_of(features, photos, 3)
    sizes = sorted((sum(kind[n] == k for n in photos), k) for k in range(3))
    assert [{int(kind[n]) for n in one.photos} for one in found] == [{k} for _, k in reversed(sizes)]
    assert sorted(n for one in found for n in one.photos) == sorted(photos)
    # The nearest to the middle first, measured anew.
    centred = features[list(found[0].photos)] - np.nanmean(features, 0)
    units = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    far = np.linalg.norm(units - units.mean(0), axis=1)
    assert np.all(np.diff(far) >= -1e-6)


def test_the_photos_of_a_class_are_those_with_its_label(sheet, index):
    taken = [name for one in sheet.provenance["facets"] for name in one["photos"]]
    assert sorted(taken) == sorted(
        n for n, label in zip(index.names, index.labels, strict=True) if label == "light"
    )
    assert "35 photos labelled light" in sheet.caption


def test_each_mean_is_that_of_its_prepared_photos(sheet, net, index):
    for n, one in enumerate(sheet.provenance["facets"]):
        images = prepared(net, index, one["photos"]).double()
        mean, std = (
            torch.tensor(part).double().view(3, 1, 1)
            for part in (net.preprocessing.mean, net.preprocessing.std)
        )
        expected = (images.mean(0) * std + mean).permute(1, 2, 0).numpy()
        assert np.allclose(sheet.rows[1][n].values, expected, atol=1e-5)


def test_what_is_told_is_what_the_network_answers(sheet, net, index):
    for row, key in ((1, "mean"), (2, "made")):
        for n, one in enumerate(sheet.provenance["facets"]):
            raw = torch.from_numpy(sheet.rows[row][n].values).permute(2, 0, 1)[None].clamp(0, 1)
            logits = net.module(net.preprocessing.normalize(raw))[0].detach()
            assert one[key]["logit"] == pytest.approx(float(logits[1]), abs=1e-4)
            assert one[key]["probability"] == pytest.approx(float(logits.softmax(0)[1]), abs=1e-5)


@pytest.mark.parametrize("recipe", ["fourier", "classic"])
def test_images_are_more_the_class_than_what_they_began_from(net, index, recipe):
    found = cw.facets(net, index, "dark", count=2, steps=24, recipe=recipe).provenance["facets"]
    assert all(one["made"]["logit"] > one["mean"]["logit"] + 0.01 for one in found)


def test_without_labels_of_its_name_the_network_tells_the_photos(net, index):
    renamed = replace(net, classes=("night", "day"))
    # Not all photos of a label need be the class: which are is asked of the module itself.
    names = [index.names[n] for n in np.flatnonzero(index.present)]
    with torch.no_grad():
        logits = net.module(prepared(net, index, names))
    for k, name in enumerate(renamed.classes):
        own = [one for one, best in zip(names, logits.argmax(1), strict=True) if best == k]
        if len(own) >= 2:
            found = cw.facets(renamed, index, name, count=2, steps=0).provenance["facets"]
            assert sorted(n for one in found for n in one["photos"]) == sorted(own)
    most = cw.facets(renamed, index, "day", count=1, photos=7, steps=0).provenance["facets"][0]
    order = logits[:, 1].argsort(descending=True)[:7]
    assert sorted(most["photos"]) == sorted(names[int(n)] for n in order)


def test_a_channels_photos_are_its_strongest(net, index):
    channel = int(np.nanmean(index.maxima("4"), 0).argmax())
    found = cw.facets(net, index, f"4:{channel}", count=2, photos=5, steps=6, layer="4")
    told = found.provenance["facets"]
    top = [index.names[row.photo] for row in index.top("4", channel, 5)]
    assert sorted(n for one in told for n in one["photos"]) == sorted(top)
    assert all(one["made"]["mean"] > one["mean"]["mean"] for one in told)
    best = index.top("4", channel, 1)[0].value
    assert told[0]["made"]["of_best_photo"] == pytest.approx(told[0]["made"]["max"] / best)


def test_same_seed_same_images_and_stopping_keeps_what_is_there(sheet, net, index):
    again = cw.facets(net, index, 1, count=2, steps=6)
    assert all(np.array_equal(a.values, b.values) for a, b in zip(sheet.rows[2], again.rows[2], strict=True))
    stopped = cw.facets(net, index, "light", count=2, steps=6, preview=lambda step, images: step == 2)
    assert stopped.provenance["stopped"]
    assert "Stopped before its end." in stopped.caption
    classic = cw.facets(net, index, "light", count=2, steps=3, recipe="classic")
    assert not np.array_equal(classic.rows[2][0].values, classic.rows[1][0].values)


@pytest.mark.parametrize(
    ("target", "settings", "error", "words"),
    [
        ("light", {"count": 99}, BadSetting, "99 facets need at least as many photos, and there are 35"),
        ("light", {"count": 0}, BadSetting, "at least one facet"),
        ("light", {"photos": -1}, BadSetting, "photos must be at least 1, got -1"),
        ("light", {"label": "grey"}, BadSetting, "no photo labelled 'grey'. It has: dark, light"),
        ("1:0", {}, BadSetting, "there are 0"),  # a dead channel
        ("4:2", {"label": "light"}, BadSetting, "label goes with a class"),
        ("@logits:1", {}, BadSetting, "a class is given by its name"),
        ("9:1", {}, UnknownLayer, "did not keep '9'"),
        ("4:8", {}, BadSetting, "channels 0 to 7, got 8"),
        ("cat", {}, UnknownClass, "is not a class"),
        ("light", {"recipe": "best"}, BadSetting, "fourier or classic"),
    ],
)
def test_what_is_refused(net, index, target, settings, error, words):
    with pytest.raises(error, match=words):
        cw.facets(net, index, target, **settings)


def test_no_photo_of_a_class(net, index):
    module = torch.nn.Sequential(*net.module[:-1], torch.nn.Linear(8, 3))
    with torch.no_grad():
        module[-1].bias[2] = -1e6
    never = cw.Network(module, cw.Preprocessing(size=24), classes=["dark", "light", "never"])
    with pytest.raises(BadIndex, match="weights"):
        cw.facets(never, index, "never")
    scanned = cw.scan(never, index.root, index.folder.parent / "never", engine="serial")
    with pytest.raises(
        BadSetting, match="no photo of the index is labelled 'never', nor is never to the network"
    ):
        cw.facets(never, scanned, "never")


def test_without_scikit_learn_it_says_what_to_install(net, index, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(BadSetting, match=r'pip install "cutaway\[audit\]"'):
        cw.facets(net, index, "light", count=2)
