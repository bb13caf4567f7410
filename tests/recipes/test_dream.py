"""Dreams on a real photo: the layer answers more, the guide is followed, frames come closer, all ends in words."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

import cutaway as cw
from cutaway.cli import main
from cutaway.network.memory import memory
from cutaway.recipes.dream import _closer
from cutaway.synthesis import Recording


@pytest.fixture(scope="module")
def small(cat):
    return cw.Picture(cat.resized((120, 180)).pixels)


def score(net, picture, objective):
    images = net.at("photo").prepare(picture)
    return objective.score(cw.capture(net, images, objective.layers)).item()


def test_the_layer_answers_more(net, small):
    """C18: what grows is the layer's mean square, in the picture that is saved."""
    before = torch.get_rng_state()
    found = cw.dream(net, small, "fire6", octaves=3, steps=5)
    asked = cw.mean_square("fire6")
    assert score(net, found.picture, asked) > 3 * score(net, small, asked)
    assert found.picture.size == small.size
    assert found.values.shape == (120, 180, 3)
    assert 0 <= found.values.min() <= found.values.max() <= 1
    assert found.history.shape == (15,)
    assert found.provenance["code"] == (
        "cutaway.dream(cutaway.load('squeezenet1_1'), 'photo', 'fire6', octaves=3, steps=5)"
    )
    # Left as found: no gradient, no random number drawn.
    assert torch.equal(before, torch.get_rng_state())
    assert all(p.grad is None for p in net.module.parameters())
    again = cw.dream(net, small, "fire6", octaves=3, steps=5)
    assert np.array_equal(found.picture.pixels, again.picture.pixels)


def test_only_some_channels(net, small):
    found = cw.dream(net, small, "fire5", channels=[3, 20], octaves=2, steps=5)
    asked = cw.mean_square("fire5", [3, 20])
    assert score(net, found.picture, asked) > 2 * score(net, small, asked)
    with pytest.raises(cw.BadSetting, match="fire5 has channels 0 to 255, got 900"):
        cw.dream(net, small, "fire5", channels=900)


def test_a_guide_is_followed(net, small, coffee):
    """Its objective is the original's: the best dot product at each place, by a plain loop."""
    reference = cw.capture(net, net.prepare(coffee), "fire5")["fire5"]
    asked = cw.best_match("fire5", reference)
    values = cw.capture(net, net.at("photo").prepare(small), "fire5")["fire5"].clone().requires_grad_()
    places, guides = values.detach()[0].flatten(1).T, reference[0].flatten(1).T
    chosen = torch.stack([guides[int((guides @ place).argmax())] for place in places])
    given = asked.score({"fire5": values})
    assert given.item() == pytest.approx(float((chosen * places).sum(1).mean()), rel=1e-4)
    (slope,) = torch.autograd.grad(given.sum(), values)
    assert torch.allclose(slope[0].flatten(1).T * len(places), chosen, atol=1e-5)
    found = cw.dream(net, small, "fire5", guide=coffee, octaves=2, steps=5)
    assert score(net, found.picture, asked) > 1.3 * score(net, small, asked)
    assert "best match" in found.caption


def test_frames_come_closer(net, small, tmp_path):
    found = cw.dream(net, small, "fire3", octaves=1, steps=1, frames=3, zoom=1.5)
    assert len(found.frames) == 3
    with Image.open(found.film.save(tmp_path / "film.gif")) as film:
        assert (film.n_frames, film.size) == (3, (180, 120))
    # A ramp about the middle, seen twice as close, is half as steep.
    ramp = torch.linspace(-0.25, 0.25, 41).expand(1, 3, 41, 41) + 0.5
    assert torch.allclose(_closer(ramp, 2.0), 0.5 + (ramp - 0.5) / 2, atol=1e-3)


def test_tiles_are_used_where_memory_is_short(net, small):
    """The same dream in tiles of 128 pixels, in all but what lies near a seam."""
    photo = cw.Picture(small.resized((200, 300)).pixels)
    settings = {"octaves": 1, "steps": 3, "jitter": 0}
    whole = cw.dream(net, photo, "fire2", **settings).values
    with memory("16M"):
        short = cw.dream(net, photo, "fire2", **settings).values
    own = cw.dream(net, photo, "fire2", tiles=128, **settings).values
    for other in (short, own):
        assert not np.array_equal(whole, other)
        assert np.median(np.abs(whole - other)) < 2 / 255
        assert np.corrcoef((whole - photo.values).ravel(), (other - photo.values).ravel())[0, 1] > 0.95


def test_a_stop_keeps_the_picture(net, small):
    def preview(step, images):
        if step == 4:
            raise KeyboardInterrupt

    found = cw.dream(net, small, "fire3", octaves=2, steps=3, preview=preview)
    assert found.stopped
    assert found.history.shape == (4,)
    assert found.picture.size == small.size
    assert "stopped early" in found.caption
    recording = Recording()
    cw.dream(net, small, "fire3", octaves=2, steps=2, preview=recording)
    assert recording.film().values.shape == (4, 120, 180, 3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"octaves": 0}, "octaves must be at least 1"),
        ({"octaves": 9}, "take fewer octaves"),
        ({"frames": 0}, "frames and steps must be at least 1"),
        ({"rate": -1.0}, "rate above 0"),
        ({"tiles": 3}, "side of at least 16"),
        ({"size": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_is_told(net, small, settings, words):
    with pytest.raises(cw.BadSetting, match=words):
        cw.dream(net, small, "fire3", **settings)


def test_command(cat, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cat.save("cat.png")
    words = ["dream", "cat.png", "-l", "fire3", "--size", "90", "--octaves", "1", "--steps", "3"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--film", "run.gif", "--out", "sheets", "--json"])
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["scores"]) == 3
    assert told["scores"][2] > told["scores"][0]
    names = ["dream-cat.png", "dream-cat.npz", "dream-cat.html", "run.gif"]
    assert told["outputs"] == [f"sheets/{name}" for name in names]
    with Image.open("sheets/dream-cat.png") as picture, Image.open("sheets/run.gif") as film:
        assert picture.size == (135, 90)
        assert film.n_frames == 3
    with pytest.raises(SystemExit) as ended:
        main([*words, "--film", "run.avi"])
    assert ended.value.code == 2
    assert "--film takes a name ending in .gif, .webp, .mp4, got 'run.avi'" in capsys.readouterr().err
