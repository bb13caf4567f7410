"""The kin of Grad-CAM beside pytorch-grad-cam, on the raw maps before it scales them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_grad_cam import EigenCAM as PeerEigenCAM
from pytorch_grad_cam import GradCAMPlusPlus as PeerGradCAMPlusPlus
from pytorch_grad_cam import HiResCAM as PeerHiResCAM
from pytorch_grad_cam import LayerCAM as PeerLayerCAM
from pytorch_grad_cam import XGradCAM as PeerXGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import EigenCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM
from cutaway.network.capture import differentiate

LAYERS = {"fire9": "features.12", "fire5": "features.7"}


@pytest.fixture(scope="module")
def squeezenet() -> tuple[cw.Network, nn.Module, Tensor]:
    net = cw.load("squeezenet1_1")
    photo = cw.read("examples/photos/chelsea.png")
    images = cw.Preprocessing(size=(128, 144), fit="exact").prepare(photo).as_subclass(Tensor)
    return net, net.module, images.contiguous()


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (HiResCAM(relu=False), PeerHiResCAM),
        (LayerCAM(relu=False), PeerLayerCAM),
        (XGradCAM(relu=False), PeerXGradCAM),
    ],
    ids=["hires-cam", "layer-cam", "x-grad-cam"],
)
def test_maps_are_the_peers(squeezenet, layer, ours, theirs) -> None:
    net, module, images = squeezenet
    objective = cw.class_logit(285)
    found = differentiate(net, images, objective.score, objective.layers, [layer])
    with theirs(module, [module.get_submodule(LAYERS[layer])]) as peer:
        raw = peer.get_cam_image(
            images,
            module.get_submodule(LAYERS[layer]),
            [ClassifierOutputTarget(285)],
            found.activations[layer].numpy(),
            found.gradients[layer].numpy(),
            False,
        )
    mine = type(ours)(layer=layer, relu=False)(net, images, objective)[:, 0].numpy()
    assert np.abs(raw).max() > 0
    assert np.abs(mine - raw).max() / np.abs(raw).max() < 1e-5


@pytest.mark.parametrize("layer", LAYERS)
def test_grad_cam_plus_plus_is_the_peers_without_its_guard(squeezenet, layer) -> None:
    """The peer adds 1e-6 to a denominator of squared gradients, which are as small as that: its map is off by half.

    The formula with that guard is the peer's map, without it ours.
    """
    net, module, images = squeezenet
    objective = cw.class_logit(285)
    found = differentiate(net, images, objective.score, objective.layers, [layer])
    a, g = found.activations[layer].double().numpy(), found.gradients[layer].double().numpy()

    def formula(guard: float) -> np.ndarray:
        below = 2 * g**2 + a.sum((2, 3), keepdims=True) * g**3 + guard
        alpha = np.divide(g**2, below, out=np.zeros_like(g), where=(g != 0) & (below != 0))
        return ((alpha * g.clip(0)).sum((2, 3), keepdims=True) * a).sum(1)

    with PeerGradCAMPlusPlus(module, [module.get_submodule(LAYERS[layer])]) as peer:
        raw = peer.get_cam_image(
            images, None, [ClassifierOutputTarget(285)], a.astype(np.float32), g.astype(np.float32), False
        )
    mine = GradCAMPlusPlus(layer, relu=False)(net, images, objective)[:, 0].numpy()
    assert np.abs(formula(1e-6) - raw).max() / np.abs(raw).max() < 1e-4
    assert np.abs(formula(0) - mine).max() / np.abs(mine).max() < 1e-5


@pytest.mark.parametrize("layer", LAYERS)
def test_eigen_cam_is_the_peers_up_to_its_sign(squeezenet, layer) -> None:
    net, module, images = squeezenet
    activations = cw.capture(net, images, layer)[layer]
    with PeerEigenCAM(module, [module.get_submodule(LAYERS[layer])]) as peer:
        raw = peer.get_cam_image(
            images, None, [ClassifierOutputTarget(285)], activations.numpy(), None, False
        )
    mine = EigenCAM(layer)(net, images, cw.class_logit(285))[:, 0].numpy()
    sign = np.sign((mine * raw).sum())
    assert np.abs(mine - sign * raw).max() / np.abs(raw).max() < 1e-3
    assert np.corrcoef(mine.ravel(), activations.mean(1).numpy().ravel())[0, 1] > 0


def test_relu_keeps_what_speaks_for_the_class(squeezenet) -> None:
    net, _, images = squeezenet
    for method in (GradCAMPlusPlus, HiResCAM, XGradCAM):
        signed = method(relu=False)(net, images, cw.class_logit(285))
        torch.testing.assert_close(method()(net, images, cw.class_logit(285)), signed.clamp_min(0))
