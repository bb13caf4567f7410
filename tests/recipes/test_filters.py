"""Filters: the classic recipe step for step, silent channels, sheets, scores, and what may go wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.network.made_by import before_activation
from cutaway.objectives.channels import channels
from cutaway.synthesis import Pixels

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"


def two_layers() -> cw.Network:
    torch.manual_seed(1)
    parts = nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 5, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2)
    return cw.Network(nn.Sequential(*parts), cw.Preprocessing(size=24), name="two")


@pytest.fixture(scope="module")
def index(net: cw.Network, tmp_path_factory: pytest.TempPathFactory) -> ActivationIndex:
    folder = tmp_path_factory.mktemp("filters") / "index"
    return cw.scan(net, PHOTOS, folder, layers=["fire2", "fire6"], engine="serial")


def keras_recipe(net: cw.Network, layer: int, channel: int, size: int, steps: int, seed: int) -> np.ndarray:
    """The classic recipe in plain torch: gradient over its root mean square, a step of 1, from gray with noise."""
    source = torch.Generator().manual_seed(seed)
    image = 118 + 20 * torch.rand(1, 3, size, size, generator=source)
    mean, std = (
        torch.tensor(one).view(1, 3, 1, 1) for one in (net.preprocessing.mean, net.preprocessing.std)
    )
    until = net.module[: layer + 1]
    for _ in range(steps):
        image.requires_grad_(True)
        loss = until((image / 255 - mean) / std)[:, channel].mean()
        (slope,) = torch.autograd.grad(loss, image)
        image = (image + slope / (slope.square().mean().sqrt() + 1e-5)).detach()
    return image[0].permute(1, 2, 0).numpy()


def deprocessed(image: np.ndarray) -> np.ndarray:
    """Standardise, × 0.1, + 0.5, clip."""
    image = (image - image.mean()) / (image.std() + 1e-5)
    return np.round(np.clip(image * 0.1 + 0.5, 0, 1) * 255).astype(np.uint8)


@pytest.mark.parametrize("steps", [0, 1, 2, 10])
def test_classic_is_an_independent_one_step_for_step(steps):
    net = two_layers()
    sheet = cw.filters(net, "2", channels=[4, 0], size=20, steps=steps, recipe="classic", seed=5)
    for cell, channel in zip(sheet.rows[0], [4, 0], strict=True):
        expected = keras_recipe(net, 2, channel, 20, steps, 5)
        assert np.allclose(255 * cell.values, expected, atol=0.02)
        assert np.abs(cell.pixels.astype(int) - deprocessed(expected)).max() <= 1


def test_classic_defaults():
    sheet = cw.filters(two_layers(), "3", channels=[1], recipe="classic")
    told = sheet.provenance["settings"]
    assert (told["steps"], told["size"]) == (40, 150)
    assert sheet.rows[0][0].size == (150, 150)


@pytest.mark.parametrize("recipe", ["fourier", "classic"])
def test_images_excite_their_own_channel(net, recipe):
    """Each channel's image excites it more than any other's image does, and more than the image it began from."""
    wanted = [3, 40, 77, 101]
    sheet = cw.filters(net, "fire2", channels=wanted, size=48, steps=24, recipe=recipe)
    images = torch.stack([torch.from_numpy(cell.values) for cell in sheet.rows[0]]).permute(0, 3, 1, 2)
    given = net.preprocessing.normalize(images.clamp(0, 1))
    means = cw.capture(net, given, "fire2")["fire2"].mean((2, 3))[:, wanted]
    told = sheet.provenance["filters"]
    assert means.argmax(0).tolist() == [0, 1, 2, 3]
    assert [one["mean"] for one in told] == pytest.approx(means.diagonal().tolist(), rel=1e-3)
    assert all(one["mean"] > one["start"] + 1 for one in told)


def test_negative_images_push_their_channel_down(net):
    """Before the ReLU, each is the lowest of all images for its own channel, and lower than that which excites it."""
    wanted = [3, 40, 77]
    sheet = cw.filters(net, "fire2", channels=wanted, size=48, steps=24, negative=True)
    told = sheet.provenance["filters"]
    names = [one["ascended"].split(":") for one in told]
    assert {name for name, _ in names} <= {"fire2.expand1x1", "fire2.expand3x3"}
    images = torch.stack([torch.from_numpy(cell.values) for cell in sheet.rows[0]]).permute(0, 3, 1, 2)
    found = cw.capture(
        net, net.preprocessing.normalize(images.clamp(0, 1)), list({name for name, _ in names})
    )
    means = torch.stack([found[name][:, int(k)].mean((1, 2)) for name, k in names], 1)
    assert means.argmin(0).tolist() == [0, 1, 2]
    assert [one["mean"] for one in told] == pytest.approx(means.diagonal().tolist(), rel=1e-3)
    assert all(one["mean"] < one["start"] - 1 and one["min"] <= one["mean"] for one in told)
    assert "negative=True" in sheet.provenance["code"]
    assert sheet.rows[0][0].caption.split("\n")[1].startswith("min −")


def test_silent_channels_are_ascended_before_their_relu(net):
    """Channel 281 of fire6 gives nothing on gray; what its ReLU reads does."""
    sheet = cw.filters(net, "fire6", channels=[281, 0], size=64, steps=16)
    silent, loud = sheet.provenance["filters"]
    assert silent["start"] == 0
    assert silent["ascended"] == "fire6.expand3x3:89"
    assert silent["before_activation"]
    assert silent["max"] > 10
    assert loud["ascended"] == "fire6.cat:0"
    assert "before ReLU" in sheet.rows[0][0].caption
    assert "before ReLU" not in sheet.rows[0][1].caption
    assert "silent in nine places of ten" in sheet.caption


def test_what_the_activation_reads_is_found():
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.norm = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            left = self.a(x).relu()
            right = self.norm(self.b(x)).relu()
            joined = torch.cat([left, right], 1)
            return torch.cat([joined, (left + left).relu(), self.b(x)], 1)

    net = cw.Network(Block(), cw.Preprocessing(size=8))
    trace = net.trace(net.example_inputs())
    last = trace.calls[-1]

    def found(channel: int) -> tuple[str, int] | None:
        one = before_activation(trace, last, channel)
        return None if one is None else (one[0].name, one[1])

    assert found(3) == ("a", 3)
    assert found(5) == ("norm", 1)
    assert found(7) == ("add", 1)
    assert found(10) is None


def test_first_convolution_is_drawn_beside_its_kernels(net):
    sheet = cw.filters(net, "conv1", channels=[0, 5, 9], size=32, steps=6)
    made, kernels = sheet.rows[0]
    weight = next(net.module.parameters()).detach()
    assert np.allclose(kernels.rows[0][1].values, weight[5].permute(1, 2, 0).numpy())
    assert kernels.rows[0][0].size == made.rows[0][0].size == (32, 32)
    # conv1 alone is linear in the pixels.
    assert [one["ascended"] for one in sheet.provenance["filters"]] == ["relu1:0", "relu1:5", "relu1:9"]
    assert "linear" in sheet.caption
    deeper = cw.filters(net, "fire2", channels=[0], size=32, steps=1)
    assert isinstance(deeper.rows[0][0], cw.Picture)


def test_sheets_of_64_in_rows_of_eight():
    torch.manual_seed(0)
    net = cw.Network(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Conv2d(4, 80, 3)), cw.Preprocessing(size=16)
    )
    sheet = cw.filters(net, "2", size=12, steps=1)
    assert [len(row) for row in sheet.rows] == [8] * 8
    assert sheet.gap > 0


def test_ranges_give_an_album_of_what_everything_goes_through(net):
    album = cw.filters(net, "conv1..fire3", channels=range(2), size=32, steps=1)
    assert isinstance(album, cw.Album)
    layers = list(dict.fromkeys(one["layer"] for one in album.provenance["filters"]))
    assert layers == ["conv1", "fire2.squeeze", "fire2.cat", "fire3.squeeze", "fire3.cat"]
    both = cw.filters(two_layers(), ["0", "2"], channels=[1, 5], size=16, steps=1)
    assert [(one["layer"], one["channel"]) for one in both.provenance["filters"]] == [
        ("0", 1),
        ("0", 5),
        ("2", 1),
    ]


def test_an_image_is_the_same_whichever_others_are_made():
    alone, among = (
        cw.filters(two_layers(), "3", channels=chosen, size=24, steps=6, seed=2).rows[0][-1].values
        for chosen in ([3], [0, 1, 3])
    )
    assert np.abs(alone - among).mean() < 1e-4
    other = cw.filters(two_layers(), "3", channels=[3], size=24, steps=6, seed=3).rows[0][0].values
    assert np.abs(alone - other).mean() > 1e-3


def test_memory_cuts_batches_and_changes_nothing(net):
    def made() -> np.ndarray:
        return cw.filters(net, "fire2", channels=range(5), size=40, steps=3, recipe="classic").values

    seen: list[tuple[int, int]] = []
    with cw.watched(lambda what, done, total: seen.append((done, total))):
        whole = made()
    with cw.memory("16M"):
        cut = made()
    assert np.allclose(whole, cut, atol=1e-3)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (15, 15)


def test_scores_against_the_strongest_photo(net, index):
    sheet = cw.filters(net, "fire6", channels=[0, 60], size=64, steps=20, index=index, patches=2)
    for row, one in zip(sheet.rows, sheet.provenance["filters"], strict=True):
        best = index.top("fire6", one["channel"], 1)[0].value
        assert one["best_photo"] == best
        assert one["of_best_photo"] == pytest.approx(one["max"] / best)
        assert f"{one['of_best_photo']:.2g} × the best photo" in row[0].caption
        assert len(row) == 3
        assert row[1].caption == f"{best:.3g}"


def test_stop_keeps_what_is_there(net):
    seen = []

    def preview(step, images):
        seen.append(step)
        if step == 2:
            raise KeyboardInterrupt

    with cw.memory("16M"):
        sheet = cw.filters(
            net, "fire2", channels=range(30), size=200, steps=9, recipe="classic", preview=preview
        )
    assert seen == [1, 2]
    assert sheet.provenance["stopped"]
    assert 1 <= len(sheet.provenance["filters"]) < 30
    assert "Stopped before its end" in sheet.caption


def test_channels_of_several_layers():
    maps = {"a": torch.rand(3, 4, 2, 5), "b": torch.rand(3, 7)}
    found = channels([("b", 6), ("a", 3), ("b", 0)]).score(maps)
    assert torch.allclose(found, torch.stack([maps["b"][0, 6], maps["a"][1, 3].mean(), maps["b"][2, 0]]))
    with pytest.raises(cw.BadSetting, match="3 channels were given for a batch of 2"):
        channels([("a", 0)] * 3).score({"a": torch.rand(2, 4, 2, 5)})


@pytest.mark.parametrize(
    ("layers", "settings", "error", "words"),
    [
        ("fire2", {"channels": [128]}, cw.BadSetting, "channels 0 to 127, got 128"),
        ("fire2", {"channels": [-1]}, cw.BadSetting, "got -1"),
        ("fire2", {"recipe": "lucid"}, cw.BadSetting, "fourier or classic"),
        ("fire2", {"patches": 3}, cw.BadSetting, "index"),
        ("fire2", {"size": 0}, cw.BadSetting, "at least 1 pixel"),
        ("fire2", {"steps": -1}, cw.BadSetting, "steps must be at least 0"),
        ("fire22", {}, cw.UnknownLayer, "fire2"),
        ([], {}, cw.BadSetting, "at least one layer"),
        ("fire2", {"index": "nowhere"}, cw.BadIndex, "nowhere"),
    ],
)
def test_wrong_settings_say_what_to_do(net, layers, settings, error, words):
    with pytest.raises(error, match=words):
        cw.filters(net, layers, **({"size": 32, "steps": 1} | settings))


def test_an_index_of_another_layer_or_network(net, index):
    with pytest.raises(cw.UnknownLayer, match="did not keep"):
        cw.filters(net, "fire9", channels=[0], size=32, steps=1, index=index)
    with pytest.raises(cw.BadIndex, match="was made with"):
        cw.filters(two_layers(), "3", channels=[0], size=16, steps=1, index=index)


def test_a_layer_without_places():
    flat = cw.Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 3)), cw.Preprocessing(size=4))
    told = cw.filters(flat, "1", size=4, steps=3, recipe="classic").provenance["filters"]
    assert [one["channel"] for one in told] == [0, 1, 2]
    assert all(one["max"] == one["mean"] > one["start"] for one in told)


def test_command(cutaway, tmp_path):
    done = cutaway(
        *("filters", "fire2", "--channels", "0..1", "--steps", "2", "--size", "32", "--recipe", "classic"),
        *("--out", str(tmp_path), "--json"),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["channel"] for one in told["filters"]] == [0, 1]
    assert all(Path(path).is_file() for path in told["outputs"])
    again = np.load(tmp_path / "filters-squeezenet1_1-fire2.npz")
    assert again["values"].shape == (2, 32, 32, 3)


def test_command_refuses_in_a_line(cutaway, tmp_path):
    done = cutaway("filters", "fire2", "--size", "photo", "--out", str(tmp_path))
    assert done.returncode == 2
    assert "there is no photo" in done.stderr
    assert "Traceback" not in done.stderr


def test_pixels_begin_as_the_recipe_says():
    """The noise of the classic recipe lies within ten levels of mid-gray."""
    values = 255 * Pixels.noise(1, 150).images().detach()
    assert 118 <= float(values.min()) < 118.1
    assert 137.9 < float(values.max()) <= 138
