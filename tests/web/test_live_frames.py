"""Frames and answers, byte for byte: channels are those of capture, a painting is that of stylize."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image
from torch import nn

import cutaway as cw
from cutaway.attribution.attribution import layer_lattice
from cutaway.faststyle.style_file import write_style
from cutaway.faststyle.transformer import Transformer
from cutaway.images.read import read
from cutaway.network.capture import capture
from cutaway.network.load import load
from cutaway.network.network import Network
from cutaway.web.desk import Desk, Opening
from cutaway.web.frames import LIVE_WAYS, NOTHING, Frame
from cutaway.web.live_layers import looked_at_channels, shown_layers
from cutaway.web.live_style import painted
from tests.web.served import CAT


@pytest.fixture(scope="module")
def network() -> Network:
    return load("squeezenet1_1")


def _jpeg(size=(299, 224)) -> bytes:
    data = io.BytesIO()
    Image.open(CAT).convert("RGB").resize(size).save(data, "JPEG", quality=90)
    return data.getvalue()


def read_channels(reply: bytes) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    """Read an answer as the page does: what is told, the 64 channels, and the one that was asked for."""
    count, rows, columns = struct.unpack_from("<H4xHH", reply, 2)
    low, high = struct.unpack_from("<2f", reply, 12)
    target = struct.unpack_from("<I", reply, 60)[0]
    at = 64 + 8 * count
    large = np.frombuffer(reply, "<f2", rows * columns, at).reshape(rows, columns).astype(np.float32)
    at += 2 * rows * columns
    total, strongest, first, *shape, block, least, most = struct.unpack_from("<IIIHHHHff", reply, at)
    levels = np.frombuffer(reply, np.uint8, -1, at + 28).reshape(shape).astype(np.float32)
    told = {"total": total, "strongest": strongest, "first": first, "block": block, "target": target}
    small = least + levels * (most - least) / 255
    return told | {"low": least, "high": most}, small, large * max(-low, high, 0)


@pytest.mark.parametrize(("layer", "first"), [("fire9.cat", 0), ("fire9.cat", 448), ("fire4.expand1x1", 64)])
def test_channels_are_those_of_capture(network, layer, first):
    """At the layer's own resolution, or the largest of each block; on one scale that is told; in some 15 kB."""
    reply = looked_at_channels(network, Frame("channels", 3, None, _jpeg(), layer, first)).packed()
    told, small, _ = read_channels(reply)
    right = capture(network, network.prepare(read(_jpeg())), layer)[layer][0].numpy()
    assert (told["total"], told["first"], told["target"]) == (len(right), first, NOTHING)
    assert told["strongest"] == right.reshape(len(right), -1).max(1).argmax()
    block, (rows, columns) = int(told["block"]), right.shape[1:]
    for k in range(min(64, len(right) - first)):
        for i, j in ((0, 0), (1, 2), (small.shape[1] - 1, small.shape[2] - 1)):
            piece = right[first + k, i * block : (i + 1) * block, j * block : (j + 1) * block]
            assert small[k, i, j] == pytest.approx(piece.max(), abs=(told["high"] - told["low"]) / 510 + 1e-4)
    assert small.shape[1:] == (-(-rows // block), -(-columns // block))
    assert told["high"] == pytest.approx(right[first : first + 64].max(), rel=1e-5)
    assert len(reply) < 15_500


def test_a_layer_without_relu_keeps_its_signs(network):
    reply = looked_at_channels(network, Frame("channels", 1, 7, _jpeg(), "fire9.expand1x1")).packed()
    told, small, large = read_channels(reply)
    right = capture(network, network.prepare(read(_jpeg())), "fire9.expand1x1")["fire9.expand1x1"][0].numpy()
    assert told["low"] < 0
    np.testing.assert_allclose(large, right[7], atol=2e-3 * np.abs(right[7]).max())
    np.testing.assert_allclose(small[7], right[7], atol=(told["high"] - told["low"]) / 500)


def test_one_channel_lies_where_its_units_look(network):
    """Of a fine layer the largest of each block, at the block's place."""
    frame = Frame("strongest", 1, 5, _jpeg(), "fire2.cat")
    reply = looked_at_channels(network, frame)
    images = network.prepare(read(_jpeg()))
    right = capture(network, images, "fire2.cat")["fire2.cat"][0, 5].numpy()
    lattice = layer_lattice(network, images, "fire2.cat")
    assert lattice is not None
    assert (reply.target, right.shape) == (5, (55, 74))
    assert reply.values.shape == (28, 37)
    assert reply.values[3, 4] == pytest.approx(right[6:8, 8:10].max())
    assert reply.placement.start[0] * 224 == pytest.approx(lattice.start[0] + lattice.step[0] / 2)
    assert reply.placement.step[1] * 299 == pytest.approx(2 * lattice.step[1])


def test_the_strongest_channel_is_the_one_with_the_largest_value(network):
    reply = looked_at_channels(network, Frame("strongest", 1, None, _jpeg(), "fire9.cat"))
    sheet = cw.activations(network, read(_jpeg()), "fire9.cat", strongest=1)
    assert reply.target == sheet.provenance["settings"]["channels"][0]
    assert len(reply.packed()) < 1024
    assert [k for k, _ in reply.classes][:1] == [285], "what the network sees comes from the same pass"


def test_layers_that_can_be_watched(network):
    listed = shown_layers(network)
    (usual,) = [one for one in listed if one["usual"]]
    assert usual == {
        "name": "fire9.cat",
        "channels": 512,
        "rows": 13,
        "columns": 13,
        "main": True,
        "usual": True,
    }
    assert {one["name"] for one in listed if one["main"]} >= {"relu1", "fire5.cat"}
    plain = Network(nn.Sequential(nn.Flatten(), nn.Linear(3 * 224 * 224, 2)))
    with pytest.raises(cw.UnsupportedMethod, match="no layer of channels with maps"):
        shown_layers(plain)


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (Frame("channels", 1, 512, _jpeg(), "fire9.cat"), cw.BadSetting, "has channels 0 to 511, got 512"),
        (Frame("channels", 1, None, _jpeg(), "fire99"), cw.UnknownLayer, "no layer 'fire99'"),
        (Frame("strongest", 1, None, _jpeg(), "flatten"), cw.UnsupportedMethod, "no channels with a map"),
        (Frame("strongest", 1, None, b"GIF89a", "fire9.cat"), cw.BadImage, "the frame"),
    ],
)
def test_what_cannot_be_shown_is_told(network, frame, error, words):
    with pytest.raises(error, match=words):
        looked_at_channels(network, frame)


def test_channels_behind_the_last_are_none(network):
    told, small, _ = read_channels(
        looked_at_channels(network, Frame("channels", 1, None, _jpeg(), "fire9.cat", 5000)).packed()
    )
    assert (told["total"], small.size) == (512, 0)


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    folder = tmp_path_factory.mktemp("painters")
    for seed, name in enumerate(("wave", "night")):
        write_style(folder / f"{name}.safetensors", Transformer(4, 1, seed=seed), {"name": name})
    styles = tuple(str(folder / f"{name}.safetensors") for name in ("wave", "night"))
    return Desk(Opening(("squeezenet1_1",), str(folder / "kept"), painters=styles))


@pytest.mark.parametrize("name", ["", "night"])
def test_a_painting_is_that_of_stylize(desk, name):
    reply = painted(desk, Frame("style", 9, None, _jpeg(), name)).packed()
    assert (reply[1], reply[64:66]) == (LIVE_WAYS.index("style"), b"\xff\xd8")
    drawn = np.asarray(Image.open(io.BytesIO(reply[64:]))).astype(int)
    file = desk.painters[name or "wave"]
    right = cw.stylize(read(_jpeg()), file, device="cpu").picture.pixels
    as_jpeg = io.BytesIO()
    Image.fromarray(right).save(as_jpeg, "JPEG", quality=90, subsampling=0)
    assert drawn.shape == right.shape == (224, 299, 3)
    assert np.abs(drawn - np.asarray(Image.open(as_jpeg)).astype(int)).max() <= 2
    assert np.abs(drawn - right).mean() < 8, "a random painter's noise costs a JPEG more than a picture does"


def test_a_style_that_is_not_open_is_told(desk, tmp_path):
    with pytest.raises(cw.UnknownModel, match="'cubism' is not open here. Open: wave, night"):
        painted(desk, Frame("style", 9, None, _jpeg(), "cubism"))
    none = Desk(Opening(("squeezenet1_1",), str(tmp_path)))
    with pytest.raises(cw.UnknownModel, match="cutaway serve --painter FILE"):
        painted(none, Frame("style", 9, None, _jpeg()))


@pytest.mark.parametrize("data", [b"\2\3\5\0" + bytes(12) + b"\xff\xfe\xfd\xfc\xfbjpeg", b"\1" + bytes(40)])
def test_bytes_that_are_no_frame_are_told(data):
    with pytest.raises(cw.BadSetting, match="load the page again"):
        Frame.of(data)
