"""The names that people know from MATLAB, Caffe, Keras and the papers lead to layers."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from cutaway.network.network import Network
from cutaway.network.preprocessing import Preprocessing
from cutaway.network.zoo.registry import ENTRIES, entry


@cache
def opened(name: str) -> Network:
    one = entry(name)
    # About the smallest side at which every pool still has something to pool.
    small = Preprocessing(size=64, mean=one.preprocessing.mean, std=one.preprocessing.std)
    with torch.device("meta"):
        module = one.build().eval()
    module.to_empty(device="cpu")
    for value in module.state_dict().values():
        value.zero_()  # names and shapes are asked for, and random weights would take seconds
    return Network(module, small, name=one.name, renames=one.renames, aliases=one.aliases)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_alias_leads_to_a_layer(name: str) -> None:
    net = opened(name)
    for alias, target in net.aliases.items():
        assert net.layer(alias) == net.layer(target), alias


@pytest.mark.parametrize("name", ENTRIES)
def test_every_rename_is_shown_and_leads_to_the_same_layer_as_its_path(name: str) -> None:
    net = opened(name)
    shown = {layer.name for layer in net.layers}
    for path, friendly in net.renames.items():
        assert net.layer(path) == net.layer(friendly), path
        assert any(n == friendly or n.startswith(f"{friendly}.") for n in shown), friendly


@pytest.mark.parametrize("name", ENTRIES)
def test_no_alias_hides_a_layers_own_name(name: str) -> None:
    net = opened(name)
    for layer in net.layers:
        assert net.aliases.get(layer.name, layer.name) == layer.name


@pytest.mark.parametrize(
    ("name", "known", "path", "shape"),
    [
        ("squeezenet1_1", "fire6-relu_squeeze1x1", "features.9.squeeze_activation", (48, 3, 3)),
        ("squeezenet1_1", "relu_conv10", "classifier.2", (1000, 3, 3)),
        ("squeezenet1_1", "fire9/concat", "features.12", (512, 3, 3)),
        ("resnet18", "res5b_relu", "layer4.1", (512, 2, 2)),
        ("resnet50", "res5c_relu", "layer4.2", (2048, 2, 2)),
        ("googlenet", "inception_5b-output", "inception5b", (1024, 2, 2)),
        ("mobilenet_v2", "out_relu", "features.18", (1280, 2, 2)),
        ("mobilenet_v2_full", "out_relu", "features.18", (1280, 2, 2)),
        ("vgg16", "conv4_3", "features.21", (512, 8, 8)),
        ("vgg16", "relu4_3", "features.22", (512, 8, 8)),
        ("vgg16", "features.28", "conv5_3", (512, 4, 4)),
        ("vgg19", "conv5_4", "features.34", (512, 4, 4)),
        ("alexnet", "conv5", "features.10", (256, 3, 3)),
        ("alexnet", "relu5", "features.11", (256, 3, 3)),
        ("alexnet_full", "fc7", "classifier.4", (4096,)),
    ],
)
def test_well_known_names(name: str, known: str, path: str, shape: tuple[int, ...]) -> None:
    layer = opened(name).layer(known)
    assert layer == opened(name).layer(path)
    assert tuple(layer.shape)[-len(shape) :] == shape
