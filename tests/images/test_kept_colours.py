"""Colours that are kept: moments by numpy's own, luminance that stays, nothing outside what a picture shows."""

from __future__ import annotations

import numpy as np

import cutaway as cw
from cutaway.images.kept_colours import lit_like, luminance, recoloured, with_colours


def drawn(seed: int, low: int, high: int) -> cw.Picture:
    """Noise whose channels vary together."""
    source = np.random.default_rng(seed)
    light = source.integers(low, high, (40, 50, 1))
    return cw.Picture((light + source.integers(0, 20, (40, 50, 3))).astype(np.uint8))


def test_mean_and_covariance_become_the_others():
    one, other = drawn(0, 30, 200), drawn(1, 100, 160)
    found = recoloured(one, other).pixels.reshape(-1, 3).astype(float)
    goal = other.pixels.reshape(-1, 3).astype(float)
    assert np.allclose(found.mean(0), goal.mean(0), atol=0.5)
    assert np.allclose(np.cov(found.T), np.cov(goal.T), rtol=0.05, atol=3)


def test_a_gray_painting_has_no_colours_to_move():
    gray = cw.Picture(np.repeat(np.arange(0, 240, 6, dtype=np.uint8).reshape(5, 8, 1), 3, 2))
    found = recoloured(gray, drawn(2, 50, 150))
    assert np.isfinite(found.values).all()


def test_luminance_of_the_one_colours_of_the_other():
    source = np.random.default_rng(3)
    lit, colours = source.random((30, 20, 3)), source.random((30, 20, 3))
    found = with_colours(lit, colours)
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.allclose(luminance(found), luminance(lit), atol=1e-6)
    tint = colours - luminance(colours)[..., None]
    kept = found - luminance(found)[..., None]
    # The same colour, at most grayer: all three channels by one factor.
    assert np.allclose(np.cross(tint, kept), 0, atol=1e-6)
    assert ((tint * kept).sum(2) >= -1e-9).all()


def test_light_has_the_others_mean_and_deviation():
    one, other = drawn(4, 30, 200), drawn(5, 100, 160)
    found, goal = (luminance(picture.pixels / 255) for picture in (lit_like(one, other), other))
    assert abs(found.mean() - goal.mean()) < 2e-3
    assert abs(found.std() - goal.std()) < 4e-3
