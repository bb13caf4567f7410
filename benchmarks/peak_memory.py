"""What methods of many passes add to the largest size of the process, against the budget they were given."""

from __future__ import annotations

import multiprocessing
import resource

import torch

import cutaway as cw

METHODS = {
    "occlusion": cw.attribution.Occlusion(),
    "rise": cw.attribution.RISE(masks=64),
    "integrated-gradients": cw.attribution.IntegratedGradients(steps=32),
    "score-cam": cw.attribution.ScoreCAM(),
}


def run(limit: str, name: str) -> None:
    """Measure one method in this process, which has done nothing else."""
    torch.set_num_threads(1)
    cw.keep_freed()
    net = cw.load("squeezenet1_1")
    images = (
        net.prepare("examples/photos/chelsea.png").as_subclass(torch.Tensor)[:, :, :, 56:280].contiguous()
    )
    with torch.no_grad():
        net.module(images)
    net.trace(images)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with cw.memory(limit):
        METHODS[name](net, images, cw.class_logit(285))
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{limit:>6} {name:22} added {added:4.0f} MB")


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    for limit in ("100MB", "200MB", "400MB", "1G"):
        for name in METHODS:
            process = context.Process(target=run, args=(limit, name))
            process.start()
            process.join()
