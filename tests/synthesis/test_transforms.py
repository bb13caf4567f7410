"""Transforms against scipy and cases by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from cutaway.errors import BadSetting
from cutaway.synthesis import Fade, Jitter, Pad, Rotate, Scale


def images(h: int = 9, w: int = 12) -> torch.Tensor:
    return torch.rand(2, 3, h, w, generator=torch.Generator().manual_seed(1))


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("degrees", [-30.0, 5.0, 90.0])
@pytest.mark.parametrize("size", [(9, 9), (9, 14)])
def test_rotate_is_scipys(degrees, size):
    given = images(*size)
    expected = ndimage.rotate(
        given.double().numpy(), degrees, axes=(2, 3), reshape=False, order=1, mode="reflect"
    )
    assert np.allclose(Rotate([degrees])(given, source()).numpy(), expected, atol=2e-5)


def test_no_turn_is_the_image_itself():
    given = images()
    assert torch.equal(Rotate([0])(given, source()), given)


def test_jitter_wraps_and_loses_nothing():
    given = images()
    found = [Jitter(3)(given, source(seed)) for seed in range(60)]
    for one in found:
        assert torch.equal(one.flatten(2).sort().values, given.flatten(2).sort().values)
    shifts = {
        (y, x)
        for one in found
        for y in range(-4, 5)
        for x in range(-4, 5)
        if torch.equal(one, given.roll((y, x), (2, 3)))
    }
    ys, xs = zip(*shifts, strict=True)
    assert {min(ys), max(ys), min(xs), max(xs)} == {-3, 3}


def test_jitter_that_cuts_gives_every_window():
    given = images(5, 6)
    windows = {(y, x): given[:, :, y : y + 3, x : x + 4] for y in range(3) for x in range(3)}
    seen = set()
    for seed in range(60):
        one = Jitter(2, wrap=False)(given, source(seed))
        seen |= {place for place, window in windows.items() if torch.equal(one, window)}
    assert seen == set(windows)


def test_scale_by_hand():
    ramp = torch.tensor([0.0, 4.0]).expand(1, 1, 2, 2)
    assert Scale([2.0])(ramp, source())[0, 0, 0].tolist() == [0.0, 1.0, 3.0, 4.0]
    assert Scale([0.5])(torch.arange(16.0).view(1, 1, 4, 4), source())[0, 0].tolist() == [
        [2.5, 4.5],
        [10.5, 12.5],
    ]


def test_scale_and_rotate_draw_from_all_that_are_given():
    sizes = {Scale([0.5, 1.0, 2.0])(images(), source(seed)).shape[2:] for seed in range(30)}
    assert sizes == {(4, 6), (9, 12), (18, 24)}
    turned = [Rotate([-90, 0, 90])(images(9, 9), source(seed)) for seed in range(30)]
    assert len({tuple(one.flatten().tolist()[:3]) for one in turned}) == 3


def test_pad_by_hand():
    row = torch.tensor([1.0, 2.0, 3.0]).expand(1, 1, 3, 3)
    assert Pad(1)(row, source())[0, 0, 1].tolist() == [0, 1, 2, 3, 0]
    assert Pad(2, mirror=True)(row, source())[0, 0, 2].tolist() == [3, 2, 1, 2, 3, 2, 1]


@pytest.mark.parametrize(
    "transform", [Jitter(2), Jitter(2, wrap=False), Pad(2), Scale([0.8]), Rotate([7]), Fade(0.4)]
)
def test_draws_nothing_from_elsewhere_and_passes_gradients(transform):
    before = torch.get_rng_state()
    given = images().requires_grad_(True)
    one, other = (transform(given, source(5)) for _ in range(2))
    assert torch.equal(one, other)
    assert torch.equal(before, torch.get_rng_state())
    (slope,) = torch.autograd.grad(one.square().sum(), given)
    assert torch.isfinite(slope).all()
    assert float(slope.abs().sum()) > 0


@pytest.mark.parametrize(
    "wrong", [lambda: Jitter(-1), lambda: Scale([]), lambda: Scale([0.0]), lambda: Rotate([])]
)
def test_wrong_settings(wrong):
    with pytest.raises(BadSetting):
        wrong()


def test_a_jitter_larger_than_the_image():
    with pytest.raises(BadSetting, match="leaves nothing"):
        Jitter(9, wrap=False)(images(), source())
