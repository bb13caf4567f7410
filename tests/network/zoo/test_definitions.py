"""Our definitions beside torchvision's and timm's: the same names, the same shapes, the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from cutaway.network.zoo.alexnet import AlexNet
from cutaway.network.zoo.efficientnet_lite import EfficientNetLite0
from cutaway.network.zoo.googlenet import GoogLeNet
from cutaway.network.zoo.mobilenet_v2 import MobileNetV2
from cutaway.network.zoo.registry import entry
from cutaway.network.zoo.resnet import ResNet
from cutaway.network.zoo.squeezenet import SqueezeNet
from cutaway.network.zoo.vgg import VGG

OURS = {
    "squeezenet1_1": SqueezeNet,
    "vgg16": lambda: VGG(16),
    "vgg19": lambda: VGG(19),
    "alexnet": AlexNet,
    "resnet18": lambda: ResNet(18),
    "resnet50": lambda: ResNet(50),
    "mobilenet_v2": MobileNetV2,
    "googlenet": GoogLeNet,
}


@torch.no_grad()
def shaken(module: nn.Module, seed: int = 0) -> nn.Module:
    """Random weights under which activations keep their size, and norms that are not the identity."""
    random = torch.Generator().manual_seed(seed)
    for name, value in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        if value.dim() > 1:
            value.normal_(0, (2 / value[0].numel()) ** 0.5, generator=random)
        elif name.endswith(("running_var", "weight")):
            value.uniform_(0.6, 1.4, generator=random)
        else:
            value.normal_(0, 0.1, generator=random)
    return module.eval()


def images(size: tuple[int, int]) -> Tensor:
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(5))


def shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


def peer(torchvision: ModuleType, name: str, **more: bool) -> nn.Module:
    if name == "googlenet":
        more = {"init_weights": False, "aux_logits": False, **more}
    if name.startswith("vgg"):
        more = {"init_weights": False, **more}
    found: nn.Module = torchvision.models.get_model(name, **more)
    return found.eval()


@pytest.mark.reference
@pytest.mark.parametrize("name", OURS)
def test_names_and_shapes_are_torchvisions(name: str, torchvision: ModuleType) -> None:
    with torch.device("meta"):
        assert list(shapes(OURS[name]()).items()) == list(shapes(peer(torchvision, name)).items())


@pytest.mark.reference
@pytest.mark.parametrize("name", [n for n in OURS if n != "vgg19"])  # the same blocks as vgg16, and 0.6 GB
def test_the_same_weights_give_torchvisions_outputs(name: str, torchvision: ModuleType) -> None:
    theirs = peer(torchvision, name)
    ours = shaken(OURS[name]())
    theirs.load_state_dict(ours.state_dict())
    # An odd size: there ceil modes and strides differ where they can.
    x = images((97, 131))
    with torch.no_grad():
        wanted, found = theirs(x), ours(x)
    assert float(wanted.std()) > 0
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.reference
def test_vgg19s_convolutions_give_torchvisions_maps(torchvision: ModuleType) -> None:
    ours = shaken(VGG(19, classes=0))
    theirs = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["E"])
    theirs.load_state_dict(ours.features.state_dict())
    x = images((64, 70))
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        (lambda: VGG(16), lambda: VGG(16, classes=0)),
        (AlexNet, lambda: AlexNet(classes=0)),
        (MobileNetV2, lambda: MobileNetV2(classes=0)),
    ],
    ids=["vgg16", "alexnet", "mobilenet_v2"],
)
def test_without_classes_a_network_is_the_whole_ones_features(
    whole: Callable[[], nn.Module], part: Callable[[], nn.Module]
) -> None:
    with torch.device("meta"):
        features = {name: size for name, size in shapes(whole()).items() if name.startswith("features.")}
        assert shapes(part()) == features


@pytest.mark.reference
def test_googlenets_preprocessing_is_the_one_that_torchvision_hides_inside(torchvision: ModuleType) -> None:
    ours = shaken(GoogLeNet())
    theirs = peer(torchvision, "googlenet", transform_input=True)
    theirs.load_state_dict(ours.state_dict())
    one = entry("googlenet").preprocessing
    pixels = images((97, 131)).sigmoid()

    def normalised(mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
        return (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)

    with torch.no_grad():
        wanted = theirs(normalised((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        torch.testing.assert_close(ours(normalised(one.mean, one.std)), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.reference
@pytest.mark.parametrize("size", [(96, 96), (97, 131), (64, 75)])
def test_efficientnet_lite0_is_timms(size: tuple[int, int], timm: ModuleType) -> None:
    theirs = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    ours = shaken(EfficientNetLite0())
    assert list(shapes(ours).items()) == list(shapes(theirs).items())
    theirs.load_state_dict(ours.state_dict())
    x = images(size)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-6)
