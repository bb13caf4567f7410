"""Files of every name and kind, standard input, file objects."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutaway.errors import BadImage
from cutaway.images import read
from cutaway.images.names import shown, shown_url
from cutaway.images.source import open_source
from tests.images.samples import encoded, python, scene

PNG = encoded(scene(), "PNG")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "猫.png",
            "кошка.png",
            "🐈\u200d⬛.png",
            "two\nlines.png",
            "-leading.png",
            "--help",
            " spaces .png ",
            "a'b\"c.png",
        ),
        *(
            "no suffix",
            "%s%d.png",
            "*.png",
            "[x].png",
            "~",
            "$HOME.png",
            "http:",
            "a\\b.png",
            "\u202egnp.exe",
        ),
        os.fsdecode(b"not utf-8 \xff\xfe.png"),
    ],
)
def test_files_of_any_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    try:
        Path(name).write_bytes(PNG)
    except OSError:
        pytest.skip("this file system takes no such name")
    for source in (name, Path(name), tmp_path / name):
        picture = read(source)
        np.testing.assert_array_equal(picture.pixels, scene())
        assert picture.path == str(source)
    Path(name).write_bytes(b"no picture")
    with pytest.raises(BadImage) as refused:
        read(name)
    assert str(refused.value).replace("\u200d", "").isprintable(), "one line, without control characters"
    str(refused.value).encode()


@settings(deadline=None)
@given(st.text(max_size=30))
def test_shown_is_one_printable_line_and_keeps_what_prints(name):
    line = shown(name)
    assert line.replace("\u200d", "").replace("\u200c", "").isprintable()
    assert shown(line) == line
    if name.isprintable():
        assert line == name


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_as_a_name_is_a_picture_or_refused(name):
    with pytest.raises(BadImage):
        read(f"/nowhere/{name}")


def test_a_path_of_bytes_in_a_path_object(tmp_path):
    class Odd:
        def __fspath__(self):
            return os.fsencode(tmp_path / "photo.png")

    (tmp_path / "photo.png").write_bytes(PNG)
    assert read(Odd()).path == str(tmp_path / "photo.png")


def test_a_missing_file_gets_the_nearest_names(tmp_path):
    for name in ("chelsea.png", "coffee.png", "notes.txt"):
        (tmp_path / name).write_bytes(PNG)
    with pytest.raises(BadImage, match=r"chelsae.png: there is no such file. Closest: .*chelsea.png"):
        read(tmp_path / "chelsae.png")
    with pytest.raises(BadImage, match=r"Closest: .*chelsea.png"):
        read(tmp_path / "Chelsea.PNG.png")


def test_a_missing_folder_gets_the_nearest_names(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(BadImage, match=r"there is no folder .*phots. Closest: .*photos"):
        read(tmp_path / "phots" / "deep" / "cat.png")


def test_nothing_near_gives_no_hint(tmp_path):
    with pytest.raises(BadImage, match=r"there is no such file$"):
        read(tmp_path / "cat.png")


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "cat.png").write_bytes(PNG)
    with pytest.raises(BadImage, match=r"cat.png is a file, not a folder"):
        read(tmp_path / "cat.png" / "x.png")


def test_a_link_to_nothing_and_a_link_in_a_circle(tmp_path):
    (tmp_path / "dangling.png").symlink_to("gone.png")
    with pytest.raises(BadImage, match=r"it is a link to gone.png, which does not exist"):
        read(tmp_path / "dangling.png")
    (tmp_path / "circle.png").symlink_to("circle.png")
    with pytest.raises(BadImage, match=r"cannot be opened"):
        read(tmp_path / "circle.png")


def test_what_is_no_file(tmp_path, monkeypatch):
    with pytest.raises(BadImage, match=r"it is a folder; cutaway.images.photos lists"):
        read(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(BadImage, match="it is a pipe, not a file: give '-'"):
        read(tmp_path / "pipe.png")
    with pytest.raises(BadImage, match="it is a device"):
        read("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # the address of a socket must be short
        listener.bind("s.png")
        with pytest.raises(BadImage, match="a socket"):
            read(tmp_path / "s.png")


@pytest.mark.parametrize("name", ["", "\0.png", "a" * 5000, "/".join("a" * 200 for _ in range(60))])
def test_names_that_no_file_can_have(name):
    with pytest.raises(BadImage):
        read(name)


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(BadImage, match=r"empty.jpg: it is empty \(0 bytes\)"):
        read(tmp_path / "empty.jpg")
    with pytest.raises(BadImage, match="the given bytes: it is empty"):
        read(b"")
    with pytest.raises(BadImage, match="the given file object: it is empty"):
        read(io.BytesIO())


def test_a_file_that_may_not_be_read(tmp_path):
    """As a user without rights: root may read everything."""
    path = tmp_path / "locked.png"
    path.write_bytes(PNG)
    path.chmod(0)
    script = (
        "import os, sys\n"
        "from cutaway.images import read\n"
        "from cutaway.errors import BadImage\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: read(sys.argv[1])\n"
        "except BadImage as refused: print(refused)\n"
    )
    for folder in (tmp_path, *tmp_path.parents):  # the way there must be open, or it is another error
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o111)
    done = python(script, str(path))
    assert done.stdout.decode() == f"{path}: this user may not read it (permission denied)\n", done.stderr


def test_files_are_closed_again(tmp_path):
    path = tmp_path / "photo.png"
    for data in (PNG, PNG[:200], b"no picture", encoded(scene(), "TIFF", compression="tiff_lzw")):
        path.write_bytes(data)
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(5):
            with contextlib.suppress(BadImage):
                read(path)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_given_file_object_stays_open_and_is_read_to_its_end():
    file = io.BytesIO(b"before" + PNG)
    file.seek(6)
    np.testing.assert_array_equal(read(file).pixels, scene())
    assert not file.closed


class Dribble(io.RawIOBase):
    """Gives a few bytes at a time and cannot be wound back, like a socket."""

    def __init__(self, data):
        self.data = data
        self.name = "a\nsocket"

    def read(self, size=-1):
        block, self.data = self.data[:7], self.data[7:]
        return block


def test_file_objects_that_cannot_seek():
    np.testing.assert_array_equal(read(Dribble(PNG)).pixels, scene())
    with pytest.raises(BadImage, match=r"^a\\nsocket: "):
        read(Dribble(PNG[:100]))


def test_file_objects_that_fail(tmp_path):
    (tmp_path / "x").write_text("hello")
    with (tmp_path / "x").open() as text, pytest.raises(BadImage, match="open it in binary mode"):
        read(text)
    closed = io.BytesIO(PNG)
    closed.close()
    with pytest.raises(BadImage, match="reading it stopped: I/O operation on closed file"):
        read(closed)

    class Broken:
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    with pytest.raises(BadImage, match="reading it stopped"):
        read(Broken())


def piped(data: bytes | None) -> subprocess.CompletedProcess[bytes]:
    script = (
        "from cutaway.images import read\n"
        "from cutaway.errors import BadImage\n"
        "try: print(read('-').size)\n"
        "except BadImage as refused: print(refused)\n"
    )
    return python(script, **({"stdin": subprocess.DEVNULL} if data is None else {"input": data}))


def test_standard_input():
    assert piped(PNG).stdout == b"(24, 40)\n"
    assert piped(b"").stdout == b"standard input: it is empty (0 bytes)\n"
    assert piped(None).stdout == b"standard input: it is empty (0 bytes)\n"
    assert b"not a picture of any known kind" in piped(b"hello").stdout


def test_standard_input_that_is_a_keyboard(monkeypatch):
    import pty

    main, side = pty.openpty()
    with os.fdopen(main, "wb"), os.fdopen(side, "r") as keyboard:
        monkeypatch.setattr(sys, "stdin", keyboard)
        with pytest.raises(BadImage, match="nothing is piped into it"):
            read("-")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(BadImage, match="nothing is piped into it"):
        read("-")


def test_a_file_called_dash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("-").write_bytes(PNG)
    assert read(Path("-")).size == (24, 40)
    assert read("./-").size == (24, 40)


def test_a_file_larger_than_allowed_is_refused_unread(tmp_path):
    path = tmp_path / "vast.png"
    with path.open("wb") as file:
        file.write(PNG)
        file.truncate(3 * 2**30)  # a hole: it takes no room on the disk
    with pytest.raises(BadImage, match="it has 3 GiB, and 2 GiB are allowed"):
        read(path)


def test_a_decoder_gets_no_descriptor_of_the_file(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(PNG)
    with open_source(path, allow_url=False) as opened, pytest.raises(io.UnsupportedOperation):
        opened.stream.fileno()


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://a.example/b.png", "https://a.example/b.png"),
        ("https://u:p@a.example/b.png", "https://a.example/b.png"),
        ("http://[bad@/x", "/x"),
        ("data:image/png;base64," + "A" * 500, "data:image/png;base64," + "A" * 178 + "…"),
    ],
)
def test_addresses_in_messages(url, line):
    assert shown_url(url) == line
