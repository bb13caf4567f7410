"""Score-CAM, RISE and Eigen-CAM on SqueezeNet against their peers: the same map, or the same masks."""

from __future__ import annotations

import sys

import torch

_library = torch.library.Library("torchvision", "DEF")  # torchvision of the index beside a CPU build of torch
for _schema in ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",):
    _library.define(_schema)
_library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from interleaved import allocator, compare  # noqa: E402
from pytorch_grad_cam import EigenCAM as PeerEigenCAM  # noqa: E402
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402
from torchcam.methods import ScoreCAM as PeerScoreCAM  # noqa: E402

import cutaway as cw  # noqa: E402

suffix = allocator()
torch.set_num_threads(1)
net = cw.load("squeezenet1_1")
images = net.prepare("examples/photos/chelsea.png").as_subclass(torch.Tensor)[:, :, :, 56:280].contiguous()
model, question = net.module, cw.class_logit(285)
wanted = sys.argv[1:] or ["score_cam", "rise", "eigen_cam"]


def gap(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


if "score_cam" in wanted:
    method = cw.attribution.ScoreCAM()

    def peer_score_cam() -> torch.Tensor:
        with PeerScoreCAM(model, "features.12", batch_size=16) as peer, torch.no_grad():
            scores = model(images)
            return peer(285, scores, normalized=False)[0]

    compare(
        f"score_cam{suffix}",
        {
            "cutaway ScoreCAM": lambda: method(net, images, question),
            "torchcam ScoreCAM, 16 at once": peer_score_cam,
        },
        rounds=3,
        warm=0,
        equal=f"raw map against torchcam: {gap(method(net, images, question)[0, 0], peer_score_cam()[0]):.1g} "
        "of the largest value",
    )

if "rise" in wanted:
    rise = cw.attribution.RISE(masks=256)
    masks = rise.mask(0, 256, 224, 224)

    def plain_rise() -> torch.Tensor:
        """As the authors' code does: all masks on the image, batches through the network, one product."""
        scores = []
        with torch.no_grad():
            for start in range(0, 256, 32):
                scores.append(model(images * masks[start : start + 32])[:, 285])
        return (torch.cat(scores) @ masks.flatten(1)).view(224, 224) / (256 * 0.5)

    compare(
        f"rise{suffix}",
        {
            "cutaway RISE, 256 masks": lambda: rise(net, images, question),
            "the authors' loop, 32 at once": plain_rise,
        },
        rounds=3,
        warm=0,
        equal=f"the same masks: {gap(rise(net, images, question)[0, 0], plain_rise()):.1g} of the largest value",
    )

if "eigen_cam" in wanted:
    eigen = cw.attribution.EigenCAM(center=False)

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            return model(quick)

    def peer_eigen() -> object:
        with PeerEigenCAM(model, [model.get_submodule("features.12")]) as peer:
            return peer(images, [ClassifierOutputTarget(285)])

    quick = images.contiguous(memory_format=torch.channels_last)
    compare(
        f"eigen_cam{suffix}",
        {
            "one forward pass, channels last": forward,
            "cutaway EigenCAM": lambda: eigen(net, quick, question),
            "cutaway GradCAM": lambda: cw.attribution.GradCAM()(net, quick, question),
            "pytorch-grad-cam EigenCAM": peer_eigen,
        },
        rounds=15,
        equal="raw maps equal those of pytorch-grad-cam up to sign (tests/reference/test_cams.py)",
    )
