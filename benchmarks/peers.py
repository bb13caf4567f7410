"""Grad-CAM against Captum, torchcam and pytorch-grad-cam on SqueezeNet: same map, same layer."""

from __future__ import annotations

import torch

# torchvision from the package index does not import on a CPU build of torch without these two names.
_library = torch.library.Library("torchvision", "DEF")
for _schema in ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",):
    _library.define(_schema)
_library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from captum.attr import LayerGradCam  # noqa: E402
from interleaved import compare  # noqa: E402
from pytorch_grad_cam import GradCAM as PeerGradCAM  # noqa: E402
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402
from torchcam.methods import GradCAM as TorchcamGradCAM  # noqa: E402

import cutaway as cw  # noqa: E402

torch.set_num_threads(1)
net = cw.load("squeezenet1_1")
images = net.prepare(cw.read("examples/photos/chelsea.png"))
plain = images.as_subclass(torch.Tensor)
model, layer = net.module, net.module.features[12]
captum = LayerGradCam(model, layer)
peer = PeerGradCAM(model, [layer])


def torchcam() -> torch.Tensor:
    with TorchcamGradCAM(model, layer) as extractor:
        return extractor(285, model(plain))[0]


objective = cw.class_logit(285)
ours = cw.attribution.GradCAM("fire9")
theirs = captum.attribute(plain, 285, relu_attributions=True)
gap = float((ours(net, images, objective) - theirs.detach()).abs().max() / theirs.detach().abs().max())
compare(
    "grad_cam",
    {
        "cutaway GradCAM": lambda: ours(net, images, objective),
        "captum LayerGradCam": lambda: captum.attribute(plain, 285, relu_attributions=True),
        "torchcam GradCAM": torchcam,
        "pytorch-grad-cam GradCAM": lambda: peer(plain, [ClassifierOutputTarget(285)]),
    },
    equal=f"against Captum: {gap:.1g} of the largest value",
)
