"""The painter: any size, colours in their range, every image for itself; its file, and its ONNX twin."""

from __future__ import annotations

import sys

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F

import cutaway as cw
from cutaway.faststyle.onnx import write_onnx
from cutaway.faststyle.style_file import read_style, write_style
from cutaway.faststyle.transformer import Transformer
from cutaway.network.tensor_file import write_tensors


def drawn(*size: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [(8, 8), (9, 31), (32, 32), (33, 50), (130, 67)])
def test_any_size(size):
    images = drawn(2, 3, *size)
    with torch.inference_mode():
        made = Transformer(4, 1).eval()(images)
    assert made.shape == images.shape
    assert 0 <= made.min() <= made.max() <= 1


def test_an_image_is_the_same_alone_and_among_others():
    painter, images = Transformer(4, 2).eval(), drawn(3, 3, 24, 40)
    with torch.inference_mode():
        together = painter(images)
        alone = torch.cat([painter(one[None]) for one in images])
    assert torch.allclose(together, alone, atol=1e-5)


def test_it_normalises_each_image_and_channel():
    """What the paper calls instance normalisation, by torch's own function."""
    layer, maps = Transformer(4, 1).down[0], drawn(2, 4, 20, 20)
    padded = F.pad(maps, (4, 4, 4, 4), mode="reflect")
    expected = F.relu(F.instance_norm(F.conv2d(padded, layer.convolution.weight)))
    assert torch.allclose(layer(maps), expected, atol=1e-5)


def test_contrast_of_the_photo_does_not_matter_after_the_first_layer():
    layer, maps = Transformer(4, 1).down[0], drawn(1, 4, 20, 20)
    assert torch.allclose(layer(maps), layer(7 * maps), atol=1e-3)


def test_an_even_ground_is_painted_by_the_noise_and_the_same_each_time():
    painter, even = Transformer(4, 1), torch.full((1, 3, 40, 40), 0.5)
    with torch.inference_mode():
        once, again = painter.eval()(even), painter(even)
        other = painter.train()(even)
    assert torch.equal(once, again)
    assert once[0, 0].std() > 0.01
    assert not torch.equal(once, other)  # in training it lies elsewhere each time


def test_light_and_dark_of_the_photo_go_through_untrained():
    photo = drawn(1, 3, 5, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    with torch.inference_mode():
        painted = Transformer(4, 1).eval()(photo)
    light = torch.stack([photo[0].mean(0).flatten(), painted[0].mean(0).flatten()])
    assert torch.corrcoef(light)[0, 1] > 0.8


def test_a_seed_says_what_it_begins_from():
    before = torch.get_rng_state()
    one, same, other = Transformer(4, 1, seed=3), Transformer(4, 1, seed=3), Transformer(4, 1, seed=4)
    assert torch.equal(one.last.weight, same.last.weight)
    assert not torch.equal(one.last.weight, other.last.weight)
    assert torch.equal(before, torch.get_rng_state())


def test_a_file_gives_the_same_painter_and_others_are_refused(tmp_path):
    path, painter = tmp_path / "wave.safetensors", Transformer(4, 2, seed=1).eval()
    write_style(path, painter, {"name": "wave"})
    again, about = read_style(path)
    assert about == {"name": "wave"}
    with torch.inference_mode():
        assert torch.equal(again(drawn(1, 3, 20, 20)), painter(drawn(1, 3, 20, 20)))
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    (tmp_path / "bent.safetensors").write_bytes(data)
    with pytest.raises(cw.WeightsUnavailable, match="its hash is another one"):
        read_style(tmp_path / "bent.safetensors")
    write_tensors(tmp_path / "other.safetensors", {"w": torch.ones(1)}, {"kind": "generator"})
    with pytest.raises(
        cw.WeightsUnavailable, match="is no trained style: train one with cutaway train-style"
    ):
        read_style(tmp_path / "other.safetensors")
    with pytest.raises(cw.WeightsUnavailable, match="there is no file"):
        read_style(tmp_path / "none.safetensors")


def test_settings_outside_their_range():
    with pytest.raises(cw.BadSetting, match="width must be at least 1"):
        Transformer(0)


def test_onnx_paints_the_same_at_any_size(tmp_path):
    painter = Transformer(4, 1, seed=2).eval()
    write_style(tmp_path / "wave.safetensors", painter, {"name": "wave"})
    path = write_onnx(tmp_path / "wave.safetensors", tmp_path / "wave.onnx")
    session = onnxruntime.InferenceSession(str(path))
    assert session.get_modelmeta().custom_metadata_map["cutaway.style"] == "wave"
    for size in ((1, 3, 40, 40), (2, 3, 33, 50), (1, 3, 61, 18)):
        images = drawn(*size)
        with torch.inference_mode():
            expected = painter(images).numpy()
        assert np.allclose(session.run(None, {"photo": images.numpy()})[0], expected, atol=1e-5)
    with pytest.raises(cw.BadSetting, match=r"ends in \.onnx"):
        write_onnx(tmp_path / "wave.safetensors", tmp_path / "wave.pb")


def test_without_the_extra_onnx_is_told_in_words(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(cw.BadSetting, match=r"pip install 'cutaway\[onnx\]'"):
        write_onnx(tmp_path / "wave.safetensors", tmp_path / "wave.onnx")
