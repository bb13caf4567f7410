"""The annotations of cutaway really are checked while the tests run."""

from __future__ import annotations

from pathlib import Path

import jaxtyping
import numpy as np
import pytest

from cutaway.cli.kept import KEPT, keep
from cutaway.view.picture import Picture


def test_wrong_type_is_seen():
    with pytest.raises(jaxtyping.TypeCheckError):
        keep("a name, not a path")
    assert keep(Path("a.png")) in KEPT
    KEPT.clear()


def test_wrong_shape_is_seen():
    with pytest.raises(jaxtyping.TypeCheckError):
        Picture(np.zeros((4, 4), np.uint8))
