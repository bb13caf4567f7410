"""Where an index lies: what was scanned, and shards of numbers that are whole or not there.

manifest.json            network, preprocessing, layers, how it is cut into shards
photos.json              names and sizes of the files; a photo's number is its place there
labels.json              a label for each, or null
shards/00017.safetensors numbers of some photos (dataset/plan.py)
shards/00017.json        the hash of that file, and the photos left out of it: it is written last
"""

from __future__ import annotations

from pathlib import Path

from cutaway.jobs.store import Kind, Store

__all__ = ["SCHEMA", "index_store"]

SCHEMA = 1
_INDEX = Kind("index", "an index", "scan", "cutaway scan PHOTOS --out …", "scan again", SCHEMA)


def index_store(folder: Path) -> Store:
    """Give the files of an index.

    >>> index_store(Path("index")).shard(17).name
    '00017.safetensors'
    """
    return Store(folder, _INDEX)
