"""The command `cutaway facets` on real photos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cutaway as cw
from cutaway.cli import main

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"


def test_the_command_writes_a_sheet_and_says_what_is_wrong(net, tmp_path, capfd):
    cw.scan(net, PHOTOS, tmp_path / "index", layers=["fire5", "fire9", "@logits"], engine="serial")
    words = ("--index", str(tmp_path / "index"), "--out", str(tmp_path), "--steps", "2", "--size", "64")
    with pytest.raises(SystemExit) as ended:
        main(("facets", "fire5:200", *words, "--count", "2", "--json"))
    out, _ = capfd.readouterr()
    assert ended.value.code == 0
    told = json.loads(out)
    assert len(told["facets"]) == 2
    assert sorted(Path(path).suffix for path in told["outputs"]) == [".html", ".npz", ".png"]
    for given, says in (("espresso", "4 facets need"), ("goldfish", "--top"), ("fire5:999", "0 to 255")):
        with pytest.raises(SystemExit) as ended:
            main(("facets", given, *words))
        out, err = capfd.readouterr()
        assert ended.value.code == 2
        assert (out, err.count("\n")) == ("", 1)
        assert says in err
