"""Small files that tell whether they are whole: JSON, and a line with its hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from cutaway.errors import BadIndex
from cutaway.view.atomic import published

__all__ = ["read_sealed", "seal"]


def seal(path: Path, value: Any) -> None:
    """Write a value as JSON with its hash, whole or not at all.

    Raises:
        OutOfSpace: where the disk is full.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.json"
    >>> seal(path, {"k": 9})
    >>> read_sealed(path)
    {'k': 9}
    """
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    published(path, text + b"\n" + hashlib.sha256(text).hexdigest().encode() + b"\n")


def read_sealed(path: Path) -> Any:
    """Read what `seal` wrote.

    Raises:
        BadIndex: where the file is not what was written, or is not there.
    """
    try:
        text, line, end = path.read_bytes().split(b"\n")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not whole"
        raise BadIndex(f"{path} cannot be read: {why}") from None
    if end or hashlib.sha256(text).hexdigest().encode() != line:
        raise BadIndex(f"{path} was changed, or is damaged: its hash is another one")
    return json.loads(text)
