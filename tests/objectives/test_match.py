"""Distances to a reference, by the published formulas and by finite differences."""

from __future__ import annotations

import pytest
import torch

import cutaway as cw
from cutaway.errors import BadSetting


def test_content_is_equation_1_of_gatys():
    """L_content = ½ Σ (F − P)², over a plain loop."""
    found, photo = torch.randn(2, 3, 4, 5), torch.randn(1, 3, 4, 5)
    score = cw.match("x", photo, "paper").score({"x": found})
    for one, given in zip(found, score, strict=True):
        summed = 0.0
        for f, p in zip(one.flatten().tolist(), photo.flatten().tolist(), strict=True):
            summed += (f - p) ** 2 / 2
        assert float(given) == pytest.approx(-summed, rel=1e-5)


def test_it_is_relative_to_the_reference_image_by_image():
    found, photo = torch.randn(3, 6), torch.randn(3, 6)
    wanted = torch.tensor(
        [-float(((f - p) ** 2).sum() / (p**2).sum()) for f, p in zip(found, photo, strict=True)]
    )
    torch.testing.assert_close(cw.match("x", photo).score({"x": found}), wanted)
    torch.testing.assert_close(cw.match("x", photo[:1]).score({"x": found})[0], wanted[0])
    assert cw.match("x", photo).score({"x": photo}).tolist() == [0, 0, 0]
    assert cw.match("x", photo).score({"x": 0 * photo}).tolist() == [-1, -1, -1]


def test_half_precision_does_not_overflow():
    found = torch.full((1, 4), 300.0, dtype=torch.float16)
    assert cw.match("x", -found).score({"x": found}).tolist() == [-4]


@pytest.mark.parametrize("norm", ["reference", "paper"])
def test_its_gradient(norm):
    found, photo = (
        torch.randn(2, 3, 2, 2, dtype=torch.double, requires_grad=True),
        torch.randn(1, 3, 2, 2).double(),
    )
    assert torch.autograd.gradcheck(lambda x: cw.match("x", photo, norm).score({"x": x}), found)


def test_what_is_refused():
    with pytest.raises(BadSetting, match="norm takes reference or paper, got 'l2'"):
        cw.match("x", torch.ones(1, 2), "l2")
    with pytest.raises(BadSetting, match="all zero.*take a layer that answers"):
        cw.match("x", torch.zeros(1, 2))
    with pytest.raises(BadSetting, match="finite numbers"):
        cw.match("x", torch.full((1, 2), torch.nan))
    with pytest.raises(BadSetting, match="finite numbers.*got shape .2,"):
        cw.match("x", torch.ones(2))
    with pytest.raises(BadSetting, match="images of the same size"):
        cw.match("x", torch.ones(1, 3, 4, 4)).score({"x": torch.ones(1, 3, 4, 5)})
    with pytest.raises(BadSetting, match="images of the same size"):
        cw.match("x", torch.ones(3, 4)).score({"x": torch.ones(2, 4)})
