"""Networks of other libraries come with their own preprocessing and classes, or are refused in words."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import torch

from cutaway.errors import UnknownModel
from cutaway.network.load import load
from cutaway.network.network import Network
from cutaway.network.preprocessing import Preprocessing
from cutaway.network.zoo.imagenet import imagenet_classes
from cutaway.network.zoo.library import from_library

pytestmark = pytest.mark.reference


def without_weights(library: str, name: str) -> Network:
    with torch.device("meta"):
        return from_library(library, name, pretrained=False)


@pytest.mark.parametrize(
    ("name", "size", "share", "interpolation"),
    [
        ("resnet50", 224, 224 / 232, "bilinear"),
        ("mobilenet_v3_small", 224, 224 / 256, "bilinear"),
        ("inception_v3", 299, 299 / 342, "bilinear"),
        ("efficientnet_b1", 240, 240 / 255, "bilinear"),
        ("efficientnet_b4", 380, 380 / 384, "bicubic"),
    ],
)
def test_torchvisions_own_sizes(
    name: str, size: int, share: float, interpolation: str, torchvision: ModuleType
) -> None:
    net = without_weights("torchvision", name)
    assert net.preprocessing == Preprocessing(size, crop_share=share, interpolation=interpolation)
    assert net.classes == imagenet_classes()


def test_a_network_of_one_size_only_gets_it(torchvision: ModuleType) -> None:
    net = without_weights("torchvision", "vit_b_16")
    assert net.preprocessing == Preprocessing((224, 224), fit="crop", crop_share=224 / 256)


def test_what_does_not_classify_gets_no_class_names(torchvision: ModuleType) -> None:
    segments = without_weights("torchvision", "lraspp_mobilenet_v3_large")
    assert segments.classes is None
    assert segments.preprocessing == Preprocessing(size=520, crop_share=1.0)
    detects = without_weights("torchvision", "ssdlite320_mobilenet_v3_large")
    assert (detects.classes, detects.preprocessing) == (None, None)
    video = without_weights("torchvision", "r3d_18")
    assert (video.classes, video.preprocessing) == (None, None)


def test_googlenet_keeps_the_transform_that_its_weights_want(torchvision: ModuleType) -> None:
    assert without_weights("torchvision", "googlenet").module.transform_input


def test_weights_of_yours_fill_a_network_of_torchvisions(tmp_path: Path, torchvision: ModuleType) -> None:
    wanted = torchvision.models.shufflenet_v2_x0_5().state_dict()
    torch.save(wanted, tmp_path / "w.pth")
    before = torch.get_rng_state()
    net = load("torchvision:shufflenet_v2_x0_5", weights=tmp_path / "w.pth")
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, wanted[name]) for name, value in net.module.state_dict().items())
    assert net.name == "shufflenet_v2_x0_5"
    assert not net.module.training


def test_weights_of_yours_fill_a_network_of_timms(tmp_path: Path, timm: ModuleType) -> None:
    wanted = timm.create_model("test_resnet.r160_in1k").state_dict()
    torch.save(wanted, tmp_path / "w.pth")
    net = load("timm:test_resnet.r160_in1k", weights=tmp_path / "w.pth")
    assert all(torch.equal(value, wanted[name]) for name, value in net.module.state_dict().items())
    assert net.preprocessing is not None
    assert net.preprocessing.size == 160
    assert net.classes == imagenet_classes()


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_an_unknown_name_gets_its_neighbours(library: str, timm: ModuleType) -> None:
    with pytest.raises(
        UnknownModel, match=rf"{library} has no model 'resnett50'\. Closest: .*resnet50.*list_models"
    ):
        load(f"{library}:resnett50")


def test_weights_that_the_library_cannot_get(
    python, tmp_path: Path, root: Path, torchvision: ModuleType
) -> None:
    # reference.conftest makes torchvision importable, as in this process; nothing answers at this port.
    code = (
        "import sys; sys.path.insert(0, 'tests'); import cutaway, reference.conftest\n"
        "try:\n    cutaway.load('torchvision:squeezenet1_1')\n"
        "except cutaway.WeightsUnavailable as error:\n    print(error)"
    )
    around = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = python("-c", code, cwd=root, env={**around, "TORCH_HOME": str(tmp_path)})
    assert "torchvision cannot make 'squeezenet1_1' with its weights (URLError" in done.stdout, done.stderr
    assert "--weights file.safetensors" in done.stdout


@pytest.mark.parametrize("library", ["timm", "torchvision"])
def test_a_library_that_is_not_installed(library: str, python) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None; import cutaway\n"  # Python's own way to hide one
        f"try:\n    cutaway.load('{library}:resnet50')\n"
        "except cutaway.UnknownModel as error:\n    print(error)"
    )
    told = python("-c", code).stdout
    assert told == f"{library} is not installed here. Install it: pip install {library}\n"


def test_a_crop_larger_than_the_image_is_the_whole_of_it(timm: ModuleType) -> None:
    net = without_weights("timm", "volo_d1_384")  # its crop_pct is 1.15
    assert net.preprocessing is not None
    assert net.preprocessing.crop_share == 1.0
