"""Figures counted by hand and by a plain loop, and a network that knows one part and no other place."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import cutaway as cw
from cutaway.errors import BadSetting
from cutaway.network.place import Place

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
NAMES = ("chelsea.png", "coffee.png", "camera.png")
SMALL = cw.Preprocessing(size=(2, 2), fit="exact", mean=(0.5,) * 3, std=(0.5,) * 3)


def gray(*rows: tuple[int, ...]) -> cw.Picture:
    return cw.Picture(np.repeat(np.array(rows, np.uint8)[:, :, None], 3, 2))


def test_a_figure_counted_by_hand():
    """Features are the four pixels in three colours; hidden, one is 0, and the sign of its change is its own."""
    net = cw.Network(nn.Hardtanh(), SMALL)  # between −1 and 1 it changes nothing
    light, dark = gray((255, 255), (255, 255)), gray((0, 0), (0, 0))
    same = {"corner": [(0, 0, 1, 1)] * 3}
    other = {"corner": [(0, 0, 1, 1), (1, 1, 2, 2), (0, 0, 1, 1)]}
    layer = [net.layers[0].name]
    found = cw.correspondence(net, [light, light, dark], same, layers=layer, draws=1)
    # Of the three pairs one agrees; in the other two one pixel, of three colours, changes with another sign.
    assert found.sums.tolist() == [[6]]
    assert found.values.tolist() == [[6 / (3 * 12)]]
    # Light and light differ in two pixels, light and dark in one, and light and dark in two.
    found = cw.correspondence(net, [light, light, dark], other, layers=layer, draws=1)
    assert found.sums.tolist() == [[15]]
    # The mean of a channel rises where one pixel was dark, and falls where it was light, wherever that was.
    found = cw.correspondence(net, [light, light, dark], other, layers=layer, draws=1, pooled=True)
    assert found.sums.tolist() == [[6]]
    assert found.values.tolist() == [[6 / (3 * 3)]]


@pytest.mark.parametrize("pooled", [False, True])
def test_it_is_what_a_plain_loop_gives(net, pooled):
    boxes = {"a": [(10, 20, 110, 90)] * 3, "b": [(200, 200, 300, 400), (0, 0, 80, 80), (100, 100, 260, 333)]}
    photos = [cw.read(PHOTOS / name) for name in NAMES]
    found = cw.correspondence(net, photos, boxes, layers=["fire5"], draws=1, pooled=pooled)
    squeezed = net.at((224, 224))
    for k, each in enumerate(boxes.values()):
        signs = []
        for photo, (top, left, bottom, right) in zip(photos, each, strict=True):
            image = squeezed.prepare(photo).as_subclass(torch.Tensor)
            h, w = photo.size
            masked = image.clone()
            rows = slice(round(top * 224 / h), round(bottom * 224 / h))
            masked[:, :, rows, round(left * 224 / w) : round(right * 224 / w)] = 0
            whole, less = (cw.capture(squeezed, x, "fire5")["fire5"] for x in (image, masked))
            change = (whole - less).mean((2, 3)) if pooled else whole - less
            change[change.abs() < 1e-5 * (whole.mean((2, 3)) if pooled else whole).abs().max()] = 0
            signs.append(change.sign().flatten())
        differ = [int((one != other).sum()) for one, other in combinations(signs, 2)]
        assert found.sums[0, k] == pytest.approx(sum(differ), rel=1e-3)
        assert found.values[0, k] == pytest.approx(sum(differ) / (3 * len(signs[0])), rel=1e-3)


def album() -> tuple[list[cw.Picture], dict[str, list[tuple[int, int, int, int]]]]:
    """Noise as dark as it is light, and in each photo, somewhere else, a light square."""
    source = np.random.default_rng(4)
    photos, boxes = [], []
    for _ in range(8):
        pixels = source.choice(np.array([0, 255], np.uint8), (40, 40, 1)).repeat(3, 2)
        top, left = (int(side) for side in source.integers(0, 30, 2))
        pixels[top : top + 8, left : left + 8] = 255
        photos.append(cw.Picture(pixels))
        boxes.append((top, left, top + 8, left + 8))
    return photos, {"square": boxes}


def averaging() -> cw.Network:
    settings = cw.Preprocessing(size=(40, 40), fit="exact", mean=(0.5,) * 3, std=(0.5,) * 3)
    return cw.Network(nn.Sequential(nn.AvgPool2d(40), nn.Flatten()), settings)


def test_a_part_that_a_network_knows_is_consistent_and_random_places_are_not():
    photos, parts = album()
    found = cw.correspondence(averaging(), photos, parts, layers=["0"], draws=30)
    assert found.values.tolist() == [[0.0]]
    assert found.random.mean() > 0.3
    assert found.random.min() > 0.0


def test_the_order_of_the_photos_does_not_matter():
    photos, parts = album()
    order = [5, 2, 7, 0, 1, 6, 4, 3]
    found = cw.correspondence(averaging(), photos, parts, layers=["0"], draws=5)
    turned = {name: [boxes[k] for k in order] for name, boxes in parts.items()}
    again = cw.correspondence(averaging(), [photos[k] for k in order], turned, layers=["0"], draws=5)
    for name in ("values", "sums", "random", "shared"):
        assert np.array_equal(getattr(found, name), getattr(again, name))


def test_the_same_photo_twice_changes_alike(net, cat):
    found = cw.correspondence(net, [cat, cat], layers=["fire2", "fire9"], draws=2)
    assert found.parts[:2] == ("top left", "top")
    assert found.values.shape == (2, 9)
    assert not found.values.any()
    assert not found.shared.any()


def table(folder: Path, text: str, name: str = "parts.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


ROWS = "photo,part,top,left,bottom,right\n" + "".join(
    f"{name},{part},{top},10,{top + 60},90\n"
    for name in NAMES
    for part, top in (("upper", 0), ("lower", 200))
)


def test_parts_from_tables(net, tmp_path):
    settings = {"layers": ["fire2"], "draws": 1}
    right = {"upper": [(0, 10, 60, 90)] * 3, "lower": [(200, 10, 260, 90)] * 3}
    photos = [PHOTOS / name for name in NAMES]
    by_hand = cw.correspondence(net, photos, right, **settings)
    rows = [dict(zip(ROWS.split()[0].split(","), row.split(","), strict=True)) for row in ROWS.split()[1:]]
    for path in (table(tmp_path, ROWS), table(tmp_path, json.dumps(rows), "parts.json")):
        found = cw.correspondence(net, photos, path, **settings)
        assert found.parts == ("upper", "lower")
        assert np.array_equal(found.sums, by_hand.sums)
    one = cw.correspondence(net, photos, table(tmp_path, ROWS), only=["lower"], **settings)
    assert one.parts == ("lower",)
    assert one.sums[0, 0] == by_hand.sums[0, 1]


def test_what_is_asked_for_wrongly(net, cat, coffee, tmp_path):
    paths = [PHOTOS / name for name in NAMES]

    def refused(words: str, photos=(cat, coffee), parts=None, **settings):
        with pytest.raises(BadSetting, match=words):
            cw.correspondence(net, photos, parts, layers=["fire2"], **settings)

    refused("give two or more, got 1", [cat])
    refused("'nose' has 1 boxes, and there are 2 photos", parts={"nose": [(0, 0, 9, 9)]})
    refused(r"does not lie in chelsea.png, 300 × 451", parts={"nose": [(0, 0, 301, 9)] * 2})
    refused("does not lie in", parts={"nose": [(5, 0, 5, 9)] * 2})
    refused("a box is .top, left, bottom, right.", parts={"nose": [(5, 0, 5)] * 2})
    refused("parts has no part", parts={})
    refused("there is no part 'mouth'. There are: top", only=["mouth"])
    refused("draws must be at least 1", draws=0)
    refused("give photos of one size, or size=224", size="photo")
    refused("cannot be read: No such file.*columns photo, part, top", paths, tmp_path / "none.csv")
    refused("row 1 has no top and no left", paths, table(tmp_path, "photo,part\na,b\n"))
    refused(
        "does not say where 'upper' is in camera.png", paths, table(tmp_path, "\n".join(ROWS.split("\n")[:5]))
    )
    refused("gives the part 'lower' twice", paths, table(tmp_path, ROWS + ROWS.split("\n")[2] + "\n"))
    refused("whole pixels, got 'x'", paths, table(tmp_path, ROWS.replace(",0,10", ",x,10")))
    refused("one of these came from none", [cw.Picture(cat.pixels)] * 2, table(tmp_path, ROWS))
    refused("is no list of rows", paths, table(tmp_path, "3", "parts.json"))
    crop = cw.Network(net.module, cw.Preprocessing(size=224, fit="crop"))
    with pytest.raises(BadSetting, match=r"does not see 'edge' of .*chelsea.png"):
        cw.correspondence(crop, [cat, coffee], {"edge": [(0, 0, 20, 20)] * 2}, layers=["fire2"])


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 30), st.integers(1, 30), st.floats(2.5, 7.0))
def test_pixels_of_the_image_under_pixels_of_the_photo(top, left, h, w, scale):
    place = Place((600, 600), (64, 64), (scale, scale), (3.0, 0.0))
    box = (top, left, top + h, left + w)
    assert place.within(place.box(box)) == box
    assert place.within((0, 0, 3, 20)) is None


def test_it_draws_and_saves_itself_by_the_command_line_too(cutaway, tmp_path):
    done = cutaway(
        "correspondence", *(str(PHOTOS / name) for name in NAMES), "--layer", "fire9", "--draws", "2",
        "--parts", str(table(tmp_path, ROWS)), "--json", cwd=tmp_path,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert list(told["layers"]["fire9"]["parts"]) == ["upper", "lower"]
    assert len(told["layers"]["fire9"]["random"]) == 2
    with np.load(tmp_path / "cutaway-out/correspondence.npz") as kept:
        assert kept["values"].shape == (1, 2)
        assert kept["parts"].tolist() == ["upper", "lower"]
    wrong = cutaway("correspondence", str(PHOTOS / NAMES[0]), cwd=tmp_path)
    assert wrong.returncode
    assert "two or more, got 1" in wrong.stderr
    assert "Traceback" not in wrong.stderr
