"""Everything that a picture may come as, and the settings."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import BadImage, BadSetting
from cutaway.images import FORMATS, read
from cutaway.view.picture import Picture
from tests.images.samples import encoded, every_kind, python, scene


def test_every_source_gives_the_same_pixels(tmp_path):
    data = encoded(scene(), "PNG")
    path = tmp_path / "scene.png"
    path.write_bytes(data)
    with path.open("rb") as file, Image.open(path) as image:
        for source in (
            *(path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), file, image),
            *(scene(), Image.fromarray(scene()), Picture(scene())),
        ):
            np.testing.assert_array_equal(read(source).pixels, scene(), err_msg=str(type(source)))


def test_the_path_is_kept_where_there_is_one(tmp_path):
    path = tmp_path / "scene.png"
    path.write_bytes(encoded(scene(), "PNG"))
    assert read(path).path == str(path)
    assert read(str(path)).path == str(path)
    assert read(path.read_bytes()).path is None


def test_a_picture_comes_back_as_it_is():
    picture = Picture(scene(), "mine", "x.png", ("a note",), provenance={"seed": 1})
    assert read(picture) is picture
    smaller = read(picture, largest_side=20)
    assert (smaller.size, smaller.caption, smaller.path) == ((12, 20), "mine", "x.png")
    assert (smaller.notes, smaller.provenance) == (("a note",), {"seed": 1})


def test_every_format_that_is_promised_is_read():
    found = {Image.open(io.BytesIO(data)).format for data in every_kind().values()}
    assert found == set(FORMATS)
    for name, data in every_kind().items():
        picture = read(data)
        assert picture.pixels.dtype == np.uint8, name
        assert picture.pixels.shape == (*picture.size, 3), name


@pytest.mark.parametrize("side", [1, 7, 20, 39, 40, 41, 1000])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_longer_side_is_what_was_asked_or_what_there_is(kind, side):
    assert max(read(encoded(scene(), kind), largest_side=side).size) == min(side, 40)


@pytest.mark.parametrize("shape", [(1601, 1205), (431, 2053), (129, 2100), (2501, 3), (9, 2103)])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_reduced_looks_like_the_whole_one_reduced(shape, progressive):
    data = encoded(scene(*shape), "JPEG", quality=92, progressive=progressive)
    for side in (64, 200, 500):
        quick = read(data, largest_side=side)
        slow = read(Image.open(io.BytesIO(data)), largest_side=side)
        assert quick.size == slow.size
        assert max(quick.size) == side
        assert np.abs(quick.pixels.astype(int) - slow.pixels).mean() < 1.5


def test_a_reduced_jpeg_is_decoded_small():
    """A 100-megapixel JPEG is read within memory that its pixels alone would fill several times over."""
    script = """
        import io
        from PIL import Image
        from cutaway.images import read
        held = io.BytesIO()
        Image.new("L", (12_000, 8_400), 90).save(held, "JPEG")
        data = held.getvalue()
        del held
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
        picture = read(data, largest_side=300)
        with open("/proc/self/status") as status:
            lines = dict(line.split(":", 1) for line in status)
        print(picture.size, int(lines["VmHWM"].split()[0]) - int(lines["VmRSS"].split()[0]))
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("the peak of memory is read from /proc")
    done = python(script)
    assert done.returncode == 0, done.stderr.decode()
    size, peak = done.stdout.decode().rsplit(maxsplit=1)
    assert size == "(210, 300)"
    assert int(peak) < 60_000, "kB above what is held afterwards; whole, it would be 300,000"


def test_formats_are_a_list_of_what_may_be_opened():
    assert read(encoded(scene(), "PNG"), formats=["png"]).size == (24, 40)
    with pytest.raises(BadImage, match=r"it is a GIF file. Allowed here: PNG, JPEG"):
        read(encoded(scene(), "GIF"), formats=("PNG", "JPEG"))
    with pytest.raises(BadSetting, match=r"'SVG'. Allowed: JPEG, PNG"):
        read(scene(), formats=["SVG"])
    with pytest.raises(BadSetting, match="empty"):
        read(scene(), formats=[])


@pytest.mark.parametrize("settings", [{"max_pixels": 0}, {"max_pixels": float("nan")}, {"largest_side": 0}])
def test_settings_that_nothing_could_meet(settings):
    with pytest.raises(BadSetting, match="Allowed"):
        read(scene(), **settings)


def test_the_ceiling_holds_for_open_images_and_arrays_too():
    for source in (scene(), Image.fromarray(scene()), encoded(scene(), "BMP")):
        assert read(source, max_pixels=960).size == (24, 40)
        with pytest.raises(BadImage, match="megapixels"):
            read(source, max_pixels=959)


def test_an_open_image_that_cannot_be_loaded(tmp_path):
    path = tmp_path / "half.png"
    path.write_bytes(encoded(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8), "PNG")[:9000])
    with Image.open(path) as image, pytest.raises(BadImage, match=r"half.png: .* ends too early"):
        read(image)


def test_what_is_no_picture_is_refused_in_words():
    """In a Python of its own, where types are not checked for us."""
    script = """
        import io
        from pathlib import Path
        from cutaway.errors import BadImage
        from cutaway.images import read
        for wrong in (12, None, [1, 2], {"a": 1}, object(), io.StringIO("text"), Path):
            try:
                read(wrong)
            except BadImage as error:
                print(error)
    """
    done = python(script)
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, len(lines)) == (0, 7), done.stderr
    assert "it gives text, not bytes" in lines[5]
    assert all("Allowed: a path, bytes" in line for i, line in enumerate(lines) if i != 5)


def test_no_torch_and_no_other_decoder_is_loaded():
    script = """
        import sys
        from cutaway.images import read
        read("-")
        unwanted = ("torch", "PIL.Eps", "PIL.Fits", "PIL.Pdf", "PIL.Psd")
        print([name for name in sys.modules if name.startswith(unwanted)])
    """
    done = python(script, input=encoded(scene(), "PNG"))
    assert done.stdout.decode().strip() == "[]", done.stderr.decode()
