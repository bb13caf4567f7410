"""Class images: the score before its ReLU, each regularizer, the caption's probability, and what may go wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.objectives.channel import channel
from cutaway.recipes.class_image import score_of
from cutaway.recipes.named_regularizers import REGULARIZERS, restraint


def classifier(end: nn.Module | None = None) -> cw.Network:
    torch.manual_seed(2)
    parts = [nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)]
    return cw.Network(
        nn.Sequential(*parts, *([end] if end is not None else [])),
        cw.Preprocessing(size=20),
        classes=["cat", "dog", "cup", "fish"],
        name="four",
    )


def image_of(cell: cw.Picture, net: cw.Network) -> torch.Tensor:
    raw = torch.from_numpy(cell.values).permute(2, 0, 1)[None]
    return net.preprocessing.normalize(raw.clamp(0, 1))


def test_squeezenets_score_is_read_before_its_last_relu(net):
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    asked = score_of(net, images, [285, 7])
    assert asked.layers == ("conv10",)
    found = cw.capture(net, images, ["conv10"])
    expected = torch.stack([found["conv10"][0, 285].mean(), found["conv10"][1, 7].mean()])
    assert torch.allclose(asked.score(found), expected)


def test_other_networks_scores_are_their_logits():
    for net in (classifier(), classifier(nn.Softmax(1))):
        asked = score_of(net, torch.zeros(2, 3, 20, 20), [1, 3])
        assert asked.layers == ("@logits",)


def test_a_class_that_is_silent_on_gray_still_rises(net):
    """Behind its last ReLU this class has no gradient on the mean colour."""
    blank = torch.zeros(1, 3, 64, 64)
    maps = cw.capture(net, blank, "conv10")["conv10"][0]
    silent = int((maps.amax((1, 2)) <= 0).nonzero()[0])
    sheet = cw.class_image(net, silent, size=64, steps=12, recipe="classic")
    assert sheet.provenance["images"][0]["logit"] > 5


@pytest.mark.parametrize("recipe", ["fourier", "classic"])
def test_caption_tells_what_the_network_answers(net, recipe):
    sheet = cw.class_image(net, ["espresso", 1], size=64, steps=16, recipe=recipe)
    for cell, told, k in zip(sheet.rows[0], sheet.provenance["images"], [967, 1], strict=True):
        with torch.no_grad():
            own = net.module(image_of(cell, net)).softmax(1)[0]
        assert told["index"] == k
        assert told["probability"] == pytest.approx(float(own[k]), abs=1e-5)
        assert told["logit"] > 5
        assert f"{net.class_name(k)} {100 * told['probability']:.1f} %" in cell.caption


def test_classic_is_zeros_and_decay_by_hand():
    """From the mean colour: move along the gradient over its root mean square, decay, keep what can be shown."""
    net = classifier()
    mean, std = (
        torch.tensor(one).view(1, 3, 1, 1) for one in (net.preprocessing.mean, net.preprocessing.std)
    )
    pixels = (mean * 255).expand(1, 3, 20, 20).clone()
    for _ in range(5):
        pixels.requires_grad_(True)
        (slope,) = torch.autograd.grad(net.module((pixels / 255 - mean) / std)[0, 2], pixels)
        moved = pixels.detach() + 4 * slope / (slope.square().mean().sqrt() + 1e-5)
        decayed = (moved / 255 - mean) / std * (1 - 0.05)
        pixels = ((decayed * std + mean) * 255).clamp(0, 255)
    sheet = cw.class_image(net, "cup", recipe="classic", steps=5)
    assert np.allclose(255 * sheet.rows[0][0].values, pixels[0].permute(1, 2, 0).numpy(), atol=0.1)


def test_all_regularizers_side_by_side():
    net = classifier()
    sheet = cw.class_image(net, 1, regularizer="all", steps=6)
    told = [one["regularizer"] for one in sheet.provenance["images"]]
    assert told == ["no regularizer", *REGULARIZERS]
    assert len(sheet.rows) == 2
    images = [cell.values for row in sheet.rows for cell in row]
    for n, one in enumerate(images):
        assert all(np.abs(one - other).max() > 1e-3 for other in images[n + 1 :]), told[n]
    rows = cw.class_image(net, [1, 2], regularizer="all", steps=2, size=16).rows
    assert [len(row) for row in rows] == [8, 8]


def test_several_at_once_are_all_used():
    net = classifier()
    both = cw.class_image(net, 1, regularizer=["blur", "l2"], steps=6).rows[0][0]
    blurred = cw.class_image(net, 1, regularizer="blur", steps=6).rows[0][0]
    assert both.caption.startswith("blur + l2\ndog")
    assert np.abs(both.values - blurred.values).max() > 1e-3


def test_total_variation_is_taken_from_the_score():
    held = restraint(["tv"]).held(channel("x", 0), (10, 20))
    image = torch.zeros(1, 1, 10, 20)
    image[..., 10:] = 2.0
    # Nine pixels differ from their right neighbour by 2 (the last row has none below, and does not count).
    assert float(held.score({"x": torch.zeros(1, 1, 1, 1), "@input": image})) == pytest.approx(
        -1000 / 200 * 9 * 4
    )


def test_images_can_be_shown(net):
    values = cw.class_image(net, 285, regularizer="small-pixels", size=64, steps=10).values
    assert values.min() >= -1e-5
    assert values.max() <= 1 + 1e-5


def test_same_seed_same_image_alone_and_among_others(net):
    def made(classes, seed):
        return cw.class_image(net, classes, size=64, steps=4, seed=seed).rows[0][0].values

    assert np.array_equal(made(5, 1), made(5, 1))
    assert np.abs(made(5, 1) - made([5, 9], 1)).mean() < 1e-3
    assert np.abs(made(5, 1) - made(5, 2)).mean() > 1e-3


def test_stop_keeps_what_is_there():
    sheet = cw.class_image(
        classifier(), 0, regularizer="all", steps=9, preview=lambda step, images: step == 3
    )
    assert sheet.provenance["stopped"]
    assert len(sheet.provenance["images"]) == 1
    assert sheet.caption.endswith("Stopped before its end.")


@pytest.mark.parametrize(
    ("target", "settings", "error", "words"),
    [
        ("dgo", {}, cw.UnknownClass, "dog"),
        (4, {}, cw.UnknownClass, "0 to 3"),
        ([], {}, cw.BadSetting, "at least one class"),
        (0, {"regularizer": "l3"}, cw.BadSetting, "small-benefit"),
        (0, {"regularizer": "l2", "recipe": "fourier"}, cw.BadSetting, "edit pixels"),
        (0, {"recipe": "lucid"}, cw.BadSetting, "fourier or classic"),
        (0, {"steps": -1}, cw.BadSetting, "at least 0"),
        (0, {"size": 0}, cw.BadSetting, "at least 1 pixel"),
    ],
)
def test_wrong_settings_say_what_to_do(target, settings, error, words):
    with pytest.raises(error, match=words):
        cw.class_image(classifier(), target, **({"steps": 1} | settings))


def test_command(cutaway, tmp_path):
    done = cutaway(
        *("class-image", "espresso", "285", "-r", "blur", "-r", "l2", "--steps", "2", "--size", "64"),
        *("--out", str(tmp_path), "--json"),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["index"] for one in told["images"]] == [967, 285]
    assert {one["regularizer"] for one in told["images"]} == {"blur + l2"}
    assert all(Path(path).is_file() for path in told["outputs"])
