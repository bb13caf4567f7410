"""Any job that is cut into shards is carried out, kept and taken up again: here, one of plain sums."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
import torch
from safetensors.numpy import save

from cutaway.errors import BadIndex, BadSetting
from cutaway.jobs.arrays import Shards
from cutaway.jobs.engines import engine_named
from cutaway.jobs.fold import fold
from cutaway.jobs.job import Job, Made
from cutaway.jobs.store import Kind, Store
from cutaway.network.progress import watched

SUMS = Kind("sums", "a folder of sums", "count", "count NUMBERS", "count again", 1)


@dataclass(frozen=True)
class Sums:
    """The sums of ten numbers each, and a last shard of five."""

    name: str = "sums"
    shards: int = 7

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def pieces(self, number: int) -> int:
        return 5 if number == self.shards - 1 else 10

    def make(self, number: int) -> Made:
        numbers = np.arange(number * 10, number * 10 + self.pieces(number))
        data = save({"sum": np.array([numbers.sum()]), "threads": np.array([torch.get_num_threads()])})
        return Made(number, data, ((number, "it is three"),) if number == 3 else ())

    def fresh(self) -> Sums:
        return self


MANIFEST = {"schema": 1, "kind": "sums", "of": "numbers"}


def test_it_is_a_job():
    assert isinstance(Sums(), Job)
    assert not isinstance(object(), Job)


@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_shards_are_made_and_read(engine, tmp_path):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers need not find this file
    store, seen = Store(tmp_path / "sums", SUMS), []
    with watched(lambda what, done, total: seen.append((what, done, total))):
        fold(Sums(), store, engine_named(engine), MANIFEST, {"a.json": [1]}, what="numbers", workers=2)
    assert (seen[0], seen[-1]) == (("numbers", 0, 65), ("numbers", 65, 65))
    kept = Shards(store, 7)
    assert kept.joined("sum").sum() == sum(range(65))
    assert kept.joined("threads").tolist() == [1] * 7
    assert kept.part(2, "sum", slice(0, 1)).tolist() == [sum(range(20, 30))]
    assert (store.note(3) or {})["skipped"] == [[3, "it is three"]]
    kept.verify()


def test_only_what_is_missing_or_damaged_is_made(tmp_path):
    store, made = Store(tmp_path / "sums", SUMS), []

    def counted(job: Job, numbers: list[int], workers: int | None) -> Iterator[Made]:
        made.extend(numbers)
        yield from engine_named("serial")(job, numbers, workers)

    def refuse(one: Made) -> None:
        if one.skipped:
            raise ValueError(one.skipped)

    with pytest.raises(ValueError, match="it is three"):
        fold(Sums(), store, counted, MANIFEST, {}, what="numbers", check=refuse)
    assert [store.is_done(number) for number in range(7)] == [True] * 3 + [False] * 4
    store.shard(1).write_bytes(b"damaged")
    made.clear()
    fold(Sums(), store, counted, MANIFEST, {}, what="numbers")
    assert made == [1, 3, 4, 5, 6]
    with pytest.raises(BadIndex, match="its of is numbers, and letters was asked for"):
        fold(Sums(), store, counted, MANIFEST | {"of": "letters"}, {}, what="numbers")


def test_one_kind_is_not_taken_for_another(tmp_path):
    store = Store(tmp_path / "sums", SUMS)
    with pytest.raises(
        BadIndex, match=r"is no folder of sums: it has no manifest.json. Make one: count NUMBERS"
    ):
        store.manifest()
    fold(Sums(), store, engine_named("serial"), MANIFEST, {}, what="numbers")
    other = Kind("index", "an index", "scan", "cutaway scan PHOTOS --out …", "scan again", 1)
    with pytest.raises(BadIndex, match="is no index: its kind is 'sums'"):
        Store(tmp_path / "sums", other).manifest()
    store.shard(0).with_suffix(".json").unlink()
    with pytest.raises(BadIndex, match="the count was stopped before it. Give the same count again"):
        store.check(0)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(BadIndex, match=r"is no folder of sums, and not empty \(letter.txt\)"):
        fold(Sums(), Store(tmp_path / "mine", SUMS), engine_named("serial"), MANIFEST, {}, what="numbers")


def test_what_cannot_be_sent_says_so(tmp_path):
    @dataclass(frozen=True)
    class Holds(Sums):
        def fresh(self) -> Sums:
            raise TypeError("a lock cannot be sent")

    with pytest.raises(BadSetting, match="sums cannot be sent .*a lock.*Give engine='serial'"):
        fold(
            Holds(),
            Store(Path(tmp_path / "sums"), SUMS),
            engine_named("processes"),
            MANIFEST,
            {},
            what="numbers",
            workers=2,
        )
