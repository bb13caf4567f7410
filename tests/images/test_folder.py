"""Files, folders and patterns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway.errors import BadImage
from cutaway.images import photos
from cutaway.images.folder import natural
from tests.images.samples import python


@pytest.fixture
def album(tmp_path, monkeypatch):
    """photo1, photo2, photo10, a folder below, and much that is no photo."""
    for name in (
        *(
            "photo10.JPG",
            "photo2.jpeg",
            "Photo1.png",
            "notes.txt",
            "drawing.svg",
            ".hidden.png",
            "._photo2.jpeg",
        ),
        *(
            "trip/b.webp",
            "trip/a.tiff",
            "trip/deep/猫.avif",
            ".cache/thumb.png",
            "trip/.git/x.png",
            "empty/readme",
        ),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(paths) -> list[str]:
    return [path.as_posix() for path in photos(paths)]


def test_a_folder_is_searched_through_and_sorted_as_people_count(album):
    assert names(".") == [
        *("Photo1.png", "photo2.jpeg", "photo10.JPG"),
        *("trip/a.tiff", "trip/b.webp", "trip/deep/猫.avif"),
    ]
    assert photos(album) == [album / name for name in names(".")]


def test_files_stand_for_themselves_in_the_order_given(album):
    assert names(["photo10.JPG", "Photo1.png", "notes.txt", ".hidden.png"]) == [
        *("photo10.JPG", "Photo1.png", "notes.txt", ".hidden.png")
    ]


def test_patterns(album):
    assert names("photo*") == ["photo2.jpeg", "photo10.JPG"]
    assert names("*") == names(".")
    assert names("trip/*.tif*") == ["trip/a.tiff"]
    assert names("**/*.avif") == ["trip/deep/猫.avif"]
    assert names("[Pp]hoto?.*") == ["Photo1.png", "photo2.jpeg"]
    assert photos(str(album / "trip" / "?.webp")) == [album / "trip/b.webp"]


def test_a_file_whose_name_looks_like_a_pattern(album):
    Path("x[1].png").touch()
    assert names("x[1].png") == ["x[1].png"]


def test_what_turns_up_twice_is_listed_once(album):
    assert names(["photo2.jpeg", ".", album / "trip", "trip/../photo2.jpeg"])[0] == "photo2.jpeg"
    assert len(photos([".", album, "*"])) == 6


def test_links_are_followed_but_not_in_a_circle(album):
    Path("trip/up").symlink_to("..")
    Path("linked").symlink_to("trip/deep")
    found = photos(".")
    assert sorted(path.name for path in found).count("b.webp") == 1
    assert "猫.avif" in {path.name for path in found}


def test_nothing_found_says_what_was_looked_for(album):
    for paths in ("empty", "*.avif", ["empty", "nothing*"], []):
        with pytest.raises(BadImage, match=r"no photos found. Looked for \*.apng, \*.avif, .*\*.webp"):
            photos(paths)


def test_a_missing_path_gets_the_nearest_names(album):
    with pytest.raises(BadImage, match=r"photo2.jpg: there is no such file or folder. Closest: photo2.jpeg"):
        photos(["photo10.JPG", "photo2.jpg"])
    with pytest.raises(BadImage, match=r"tripp: there is no such file or folder. Closest: trip"):
        photos("tripp")
    for wrong in ("", "a\0b"):
        with pytest.raises(BadImage):
            photos(wrong)


def test_names_that_are_not_text(album):
    odd = os.fsdecode(b"\xff.png")
    Path(odd).touch()
    assert odd in names(".")


def test_a_folder_that_may_not_be_listed_is_passed_over(album):
    """As a user without rights: root may list everything."""
    Path("trip/deep").chmod(0)
    for folder in (album, *album.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o555)
    script = (
        "import os\n"
        "from cutaway.images import photos\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(len(photos('.')))\n"
    )
    done = python(script)
    Path("trip/deep").chmod(0o755)
    assert done.stdout == b"5\n", done.stderr


@given(st.lists(st.text(st.characters(blacklist_characters="/\0"), min_size=1, max_size=8), max_size=8))
def test_the_order_is_total(parts):
    paths = [Path(part) for part in parts]
    backwards = paths[::-1]
    paths.sort(key=natural)
    backwards.sort(key=natural)
    assert paths == backwards


@given(st.integers(0, 10**30), st.integers(0, 10**30), st.text("abc", max_size=3))
def test_numbers_count_as_numbers(one, other, word):
    first, second = sorted([one, other])
    assert (
        natural(Path(f"{word}{first}.png")) <= natural(Path(f"{word.upper()}{second}.png")) or first == second
    )
