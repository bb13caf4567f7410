"""Statistics of maps, by the published formulas in plain loops and by finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cutaway as cw
from cutaway.errors import BadSetting
from cutaway.objectives.gram import KINDS, statistic


def plain_gram(maps: torch.Tensor) -> torch.Tensor:
    """G_ij = Σ_k F_ik F_jk, equation 3 of Gatys et al. (2016), by loops."""
    rows = maps.flatten(1).tolist()
    return torch.tensor([[sum(a * b for a, b in zip(i, j, strict=True)) for j in rows] for i in rows])


def test_gram_matrix_is_equation_3_over_the_places():
    maps = torch.randn(2, 3, 4, 5)
    for one, found in zip(maps, cw.gram_matrix(maps), strict=True):
        torch.testing.assert_close(20 * found, plain_gram(one))


def test_style_is_equations_4_and_5():
    """E = Σ (G − A)² / 4N²M², and L = Σ w E, for two layers of different sizes."""
    picture = {"a": torch.randn(1, 3, 4, 5), "b": torch.randn(1, 5, 2, 3)}
    made = {"a": torch.randn(1, 3, 4, 5), "b": torch.randn(1, 5, 2, 3)}
    weights = {"a": 0.2, "b": 0.8}
    wanted = 0.0
    for name, weight in weights.items():
        n, m = picture[name].shape[1], picture[name][0, 0].numel()
        difference = plain_gram(made[name][0]) - plain_gram(picture[name][0])
        wanted += weight * float((difference**2).sum()) / (4 * n**2 * m**2)
    style = 0.2 * cw.gram("a", picture["a"], norm="paper") + 0.8 * cw.gram("b", picture["b"], norm="paper")
    assert float(style.score(made)) == pytest.approx(-wanted, rel=1e-5)


def test_covariance_is_numpys_and_mean_the_mean():
    maps = torch.randn(2, 3, 4, 5) + 7
    for one, found in zip(maps, statistic(maps, "covariance"), strict=True):
        right = np.cov(one.flatten(1).numpy(), bias=True)
        torch.testing.assert_close(found, torch.from_numpy(right).float(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(statistic(maps, "mean"), maps.mean((2, 3)))


@pytest.mark.parametrize("kind", KINDS)
def test_places_and_size_do_not_matter(kind):
    maps = torch.rand(1, 3, 4, 6)
    shuffled = maps.flatten(2)[:, :, torch.randperm(24)].view(1, 3, 8, 3)
    twice = torch.cat([maps, maps], 2)
    objective = cw.gram("x", maps, kind)
    for same in (shuffled, twice):
        assert float(objective.score({"x": same})) == pytest.approx(0, abs=1e-10)
    assert float(objective.score({"x": 0 * maps})) == pytest.approx(-1)
    # Twice the answer is a Gram four times, a mean twice as large.
    assert float(objective.score({"x": 2 * maps})) == pytest.approx(-1 if kind == "mean" else -9, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", ["reference", "paper"])
def test_its_gradient(kind, norm):
    maps = torch.randn(2, 3, 2, 3, dtype=torch.double, requires_grad=True)
    reference = torch.randn(2, 3, 4, 4).double()
    assert torch.autograd.gradcheck(lambda x: cw.gram("x", reference, kind, norm).score({"x": x}), maps)


def test_what_is_refused():
    maps = torch.ones(1, 3, 2, 2)
    with pytest.raises(BadSetting, match="kind takes gram, covariance, mean, got 'style'"):
        cw.gram("x", maps, "style")
    with pytest.raises(BadSetting, match="norm takes reference, paper"):
        cw.gram("x", maps, norm="l2")
    with pytest.raises(BadSetting, match="the covariance of the reference at x is all zero"):
        cw.gram("x", maps, "covariance")
    with pytest.raises(BadSetting, match="not finite"):
        cw.gram("x", maps * torch.inf)
    with pytest.raises(BadSetting, match=r"need maps .n,c,h,w., got .1, 3.: choose an earlier layer"):
        cw.gram("x", torch.ones(1, 3))
    with pytest.raises(BadSetting, match=r"give .1 or 2, 4, any h, any w."):
        cw.gram("x", maps).score({"x": torch.ones(2, 4, 2, 2)})
