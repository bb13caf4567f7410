"""Octaves and tiles, against a few lines of plain torch and numpy, and against the gradient of the whole image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.network.memory import memory
from cutaway.synthesis import Clip, Fourier, Jitter, Normalised, Tiles, octaves
from cutaway.synthesis.octaves import octave_sizes

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    parts = nn.Conv2d(3, 6, 5, 2), nn.ReLU(), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
    return cw.Network(nn.Sequential(*parts), cw.Preprocessing(size=48))


@pytest.fixture(scope="module")
def photo():
    return torch.rand(1, 3, 40, 58, generator=torch.Generator().manual_seed(1))


def original_make_step(module, pixels, jitter, rate, source):
    """The original's step (google/deepdream, dream.ipynb), on pixels 0..255: roll, ascend, roll back, clip."""
    y, x = torch.randint(-jitter, jitter + 1, (2,), generator=source).tolist()
    src = torch.roll(pixels, (y, x), (2, 3)).requires_grad_()
    mean, std = (torch.tensor(m).view(1, 3, 1, 1) for m in (MEAN, STD))
    dst = module((src / 255 - mean) / std)
    dst.backward(dst.detach())  # the gradient is set to the activation
    g = src.grad
    src = src.detach() + rate / g.abs().mean() * g
    return torch.roll(src, (-y, -x), (2, 3)).clamp(0, 255)


def zoomed(image, size):
    """Linear interpolation, corner to corner, axis by axis: scipy.ndimage.zoom with order 1."""
    for axis, length in zip((2, 3), size, strict=True):
        old = np.arange(image.shape[axis])
        new = np.linspace(0, image.shape[axis] - 1, length)
        image = np.apply_along_axis(lambda line, new=new, old=old: np.interp(new, old, line), axis, image)
    return image


def test_dream_is_the_originals_step_for_step(net, photo):
    """C27: three octaves of four steps, compared after each step."""
    low, high = (tuple((end - m) / s for m, s in zip(MEAN, STD, strict=True)) for end in (0.0, 1.0))
    seen = []
    made = octaves(
        net,
        cw.mean_square("3"),
        photo,
        count=3,
        factor=1.4,
        steps=4,
        optimizer=Normalised(1.5, by="mean", least=1e-30),
        transforms=[Jitter(5)],
        regularizers=[Clip(low, high)],
        seed=7,
        preview=lambda step, images: seen.append(255 * images.clone()),
    )
    bases = [255 * photo.numpy()]
    for _ in range(2):
        h, w = bases[0].shape[2:]
        bases.insert(0, zoomed(bases[0], (round(h / 1.4), round(w / 1.4))))
    detail, steps = np.zeros_like(bases[0]), iter(seen)
    for octave, base in enumerate(bases):
        if octave:
            detail = zoomed(detail, base.shape[2:])
        source = torch.Generator().manual_seed(7 + octave)
        src = torch.from_numpy(base + detail).float()
        for _ in range(4):
            src = original_make_step(net.module[:4], src, 5, 1.5, source)
            assert torch.allclose(src, next(steps), atol=2e-3)
        detail = src.numpy() - base
    assert torch.allclose(255 * made.images, src, atol=2e-3)
    assert (src - 255 * photo).abs().mean() > 5
    assert made.history.shape == (12, 1)


def test_any_objective_and_parametrization(net, photo):
    made = octaves(net, cw.channel("2", 3), photo, count=2, steps=8, begin=Fourier.matching)
    assert made.images.shape == photo.shape
    assert made.history[15] > made.history[8]


def test_seeds_repeat(net, photo):
    """F13."""

    def run(seed):
        return octaves(net, cw.mean_square("3"), photo, steps=2, transforms=[Jitter(9)], seed=seed).images

    assert torch.equal(run(3), run(3))
    assert not torch.equal(run(3), run(4))


@pytest.mark.parametrize("how", ["told", "ctrl-c"])
def test_stopping_keeps_what_is_there(net, photo, how):
    """What one octave added is carried up to the full size."""

    def preview(step, images):
        if step == 3 and how == "ctrl-c":
            raise KeyboardInterrupt
        return step == 3

    by = Normalised(3.0, by="mean", least=1e-30)
    made = octaves(net, cw.mean_square("3"), photo, count=3, steps=2, optimizer=by, preview=preview)
    assert made.stopped
    assert made.steps == 3
    assert made.images.shape == photo.shape
    assert (made.images - photo).abs().max() > 0.01


def test_sizes_that_a_network_cannot_take_are_told(net, photo):
    with pytest.raises(cw.BadSetting, match="octave 1 of 9, 3 × 4 pixels: take fewer octaves"):
        octaves(net, cw.mean_square("3"), photo, count=9)
    with pytest.raises(cw.BadSetting, match="leave nothing"):
        octave_sizes((40, 58), 6, 3.0)
    with pytest.raises(cw.BadSetting, match="at least 1"):
        octave_sizes((40, 58), 0, 1.4)


@pytest.mark.parametrize("size", [(301, 423), (150, 500), (96, 96)])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("objective", [cw.mean_square("4"), cw.channel("2", 3)], ids=lambda one: one.name)
def test_tiles_give_the_gradient_of_the_whole(net, size, seed, objective):
    """Everywhere, not only inside, where a unit sees less than the overlap."""
    images = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(5))
    source = torch.Generator().manual_seed(seed)
    trace = net.trace(images[:, :, :96, :96])
    scores, found = Tiles(96, overlap=16).differentiate(net, images, objective, trace, source)
    leaf = images.clone().requires_grad_()
    last = net.module[: int(objective.layers[0]) + 1](leaf)
    score = last.square().mean() if objective.layers == ("4",) else last[:, 3].mean()
    (wanted,) = torch.autograd.grad(score, leaf)
    assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))
    assert scores.item() == pytest.approx(score.item(), rel=0.1, abs=0.01)


def test_seams_lie_elsewhere_at_every_step(net):
    tiles = Tiles(96, overlap=8)
    cuts = {tuple(low for _, _, low, _ in tiles.cuts(400, 8, 4, 4 * shift)) for shift in range(5)}
    assert len(cuts) == 5
    for shift in range(20):
        found = tiles.cuts(401, 8, 4, 4 * shift)
        assert [low for _, _, low, _ in found][1:] == [high for *_, high in found][:-1]
        assert (found[0][2], found[-1][3]) == (0, 401)
        for start, stop, low, high in found:
            assert start % 4 == 0
            assert stop - start < 96 + 4
            assert start in (0, low - 8) or stop == 401
            assert low - start >= min(8, low)
            assert stop - high >= min(8, 401 - high)


def test_tiles_are_cut_where_memory_is_short(net):
    with memory("16M"):
        assert Tiles.needed(net, cw.mean_square("3"), (64, 64)) is None
        tiles = Tiles.needed(net, cw.mean_square("3"), (4000, 3000))
    assert tiles is not None
    assert 128 <= tiles.side < 1000
    head = cw.Network(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 46 * 46, 2)), cw.Preprocessing(48)
    )
    image = torch.zeros(1, 3, 48, 48)
    with pytest.raises(cw.BadSetting, match="2 is none"):
        Tiles(32).differentiate(head, image, cw.mean_square("2"), head.trace(image), torch.Generator())
    with pytest.raises(cw.BadSetting, match="overlap below half"):
        Tiles(32, overlap=16)
