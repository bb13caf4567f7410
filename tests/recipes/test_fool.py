"""Fooling, judged on the file that was saved: the target is said, and nobody sees why."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.cli import main

LEAST, MOST = 0.9, 4 / 255


def said(net, path):
    """What the network says of a file, as anybody would ask it."""
    logits = cw.capture(net, net.prepare(cw.read(path)), "@logits")["@logits"]
    return torch.softmax(logits.double(), 1)[0].numpy()


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_target_is_said_with_nine_tenths(net, cat, coffee, camera, norm, tmp_path):
    """C17: random targets; figures are those of the .png, read again and prepared anew."""
    draw = random.Random(5)
    for photo in (cat, coffee, camera):
        target = draw.randrange(1000)
        found = cw.fool(net, photo, target, norm=norm)
        assert found.reached
        path = found.picture.save(tmp_path / "fooled.png")
        again = said(net, path)
        assert np.allclose(again, found.probabilities[1], atol=1e-6)
        assert again[target] >= LEAST
        assert again.argmax() == target
        photo_there = net.preprocessing.cut(photo)[0].astype(float)
        change = cw.read(path).pixels - photo_there
        assert np.abs(change).mean() / 255 <= MOST
        assert found.norms["mean"] == pytest.approx(np.abs(change).mean() / 255, rel=1e-4)
        assert found.norms["l2"] == pytest.approx(np.sqrt((change**2).sum()) / 255, rel=1e-4)
        assert found.norms["linf"] == pytest.approx(np.abs(change).max() / 255, rel=1e-4)
        assert np.allclose(found.difference * 255, change, atol=1e-3)
        assert np.allclose(found.probabilities[0], said(net, photo), atol=1e-6)


def test_network_that_cuts_the_middle_out(net, cat, tmp_path):
    """The saved picture keeps what is cut off, so that it is prepared to the same pixels."""
    cropping = cw.Network(net.module, cw.Preprocessing(size=224, fit="crop"), net.classes)
    found = cw.fool(cropping, cat, "toaster")
    assert found.picture.size == (256, 385)
    assert found.difference.shape == (224, 224, 3)
    again = said(cropping, found.picture.save(tmp_path / "fooled.png"))
    assert again[859] == pytest.approx(found.probabilities[1, 859], abs=1e-6)
    assert again[859] >= LEAST
    outside = found.picture.pixels != found.photo.pixels
    assert not outside[:16].any()
    assert not outside[:, :80].any()


@pytest.mark.parametrize(("norm", "bound"), [("linf", 1 / 255), ("l2", 0.4)])
def test_bounds_are_kept(net, cat, norm, bound):
    found = cw.fool(net, cat, "goldfish", norm=norm, bound=bound, steps=12)
    # Each value is rounded to a level after the ball, so the sum of squares may be off by that.
    assert found.norms[norm] <= bound * 1.05
    assert found.probabilities[1, 1] > 100 * found.probabilities[0, 1]


def test_what_is_not_reached_is_told(net, cat):
    found = cw.fool(net, cat, "toaster", bound=0.05, steps=5)
    assert not found.reached
    assert "was not reached" in found.title
    assert found.steps == 5


def test_until_it_flips(net, cat):
    either = cw.fool(net, cat)
    assert either.reached
    assert either.probabilities[1].argmax() == either.target != 285
    flipped = cw.fool(net, cat, "toaster", until="flip")
    assert flipped.probabilities[1].argmax() == 859
    assert flipped.probabilities[1, 859] < LEAST
    assert flipped.norms["l2"] < cw.fool(net, cat, "toaster").norms["l2"]
    already = cw.fool(net, cat, "Egyptian cat", until=0.5)
    assert already.reached
    assert (already.steps, already.norms["linf"]) == (0, 0.0)


def test_a_stop_keeps_the_picture(net, cat):
    def preview(step, images):
        if step == 2:
            raise KeyboardInterrupt

    found = cw.fool(net, cat, "toaster", preview=preview)
    assert found.stopped
    assert found.steps == 2
    assert found.norms["l2"] > 0


@pytest.mark.parametrize(
    ("target", "settings", "error", "words"),
    [
        ("toster", {}, cw.UnknownClass, "Closest: toaster"),
        (1000, {}, cw.UnknownClass, "classes 0 to 999"),
        (1, {"until": 1.5}, cw.BadSetting, "between 0 and 1, or 'flip'"),
        (None, {"until": 0.5}, cw.BadSetting, "name the target"),
        (1, {"bound": 0.0}, cw.BadSetting, "bound must be above 0"),
        (1, {"steps": 0}, cw.BadSetting, "steps must be at least 1"),
    ],
)
def test_what_cannot_be_is_told(net, cat, target, settings, error, words):
    with pytest.raises(error, match=words):
        cw.fool(net, cat, target, **settings)


def test_a_network_without_classes_is_told(cat):
    torch.manual_seed(0)
    parts = nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1)
    single = cw.Network(nn.Sequential(*parts), cw.Preprocessing(size=32))
    with pytest.raises(cw.UnsupportedNetwork, match="no classes that share one probability"):
        cw.fool(single, cat, 0)


def test_gray_networks_are_fooled_by_what_they_see(cat):
    torch.manual_seed(0)
    settings = cw.Preprocessing(size=32, mean=(0.5,), std=(0.5,), channels="gray", fit="exact")
    parts = nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 30 * 30, 5)
    nn.init.normal_(parts[-1].weight, std=0.3)  # answers as sure as a trained network's
    gray = cw.Network(nn.Sequential(*parts), settings)
    with pytest.raises(cw.UnknownClass, match="classes 0 to 4, got 5"):
        cw.fool(gray, cat, 5)
    said_first = cw.fool(gray, cat).probabilities[0].argmax()
    found = cw.fool(gray, cat, (said_first + 1) % 5)
    assert found.reached
    # Judged on what such a network sees: the photo without its colours.
    assert np.array_equal(found.photo.pixels[..., 0], found.photo.pixels[..., 2])
    assert np.array_equal(found.difference[..., 0], found.difference[..., 2])
    logits = gray.module(gray.prepare(found.picture).as_subclass(torch.Tensor))
    assert torch.softmax(logits, 1)[0, found.target].item() >= LEAST


def test_command(cat, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cat.save("cat.png")
    with pytest.raises(SystemExit) as ended:
        main(["fool", "cat.png", "goldfish", "--bound", "8/255", "--norm", "linf", "--json"])
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["reached"]
    assert told["probability"]["after"] >= LEAST
    assert told["norms"]["linf"] <= 8 / 255
    stem = "cutaway-out/fool-cat"
    assert told["outputs"] == [f"{stem}.png", f"{stem}.npz", f"{stem}.html", f"{stem}-picture.png"]
    with pytest.raises(SystemExit) as ended:
        main(["fool", "cat.png", "goldfish", "--flip", "--until", "0.5"])
    assert ended.value.code == 2
