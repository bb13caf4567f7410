"""Open a pickle of arrays without letting it run anything."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

from cutaway.errors import WeightsUnavailable

__all__ = ["arrays_of"]

# Old pickles name numpy's modules as they were before version 2.
_ALLOWED = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "_reconstruct"),
}


# numpy's own function of that name, wherever this version of numpy keeps it.
_RECONSTRUCT: Any = np.empty(0).__reduce__()[0]


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise WeightsUnavailable(
                f"the file wants to use {module}.{name}; only arrays are read. Not opened"
            )
        if name == "_reconstruct":
            return _RECONSTRUCT
        return getattr(np, name)


def arrays_of(data: bytes) -> Any:
    """Read nested lists, tuples and dicts of arrays out of a pickle.

    Raises:
        WeightsUnavailable: where it names anything but arrays, or is no pickle.

    >>> arrays_of(pickle.dumps({"w": np.ones(2)}, protocol=4))["w"].tolist()
    [1.0, 1.0]
    """
    try:
        return _Arrays(io.BytesIO(data), encoding="latin1").load()
    except WeightsUnavailable:
        raise
    except Exception as error:
        raise WeightsUnavailable(f"the file is not a readable pickle of arrays: {error}") from error
