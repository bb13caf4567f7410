"""GoogLeNet with batch normalisation.

Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, table 1. State-dict names as in torchvision; like
there, the "5x5" branch holds a 3x3 convolution. The two auxiliary classifiers help training only and are left away,
whether or not a file of weights has them. torchvision's `transform_input` is not inside either: the zoo's
preprocessing is the -1..1 that it makes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ALIASES", "GoogLeNet"]

# Inputs, 1x1, 3x3 reduced, 3x3, 5x5 reduced, 5x5, pool.
_INCEPTIONS = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}

ALIASES = {
    "conv1-7x7_s2": "conv1.conv",
    "conv1-relu_7x7": "conv1.relu",
    "pool1-3x3_s2": "maxpool1",
    "conv2-3x3_reduce": "conv2.conv",
    "conv2-relu_3x3_reduce": "conv2.relu",
    "conv2-3x3": "conv3.conv",
    "conv2-relu_3x3": "conv3.relu",
    "pool2-3x3_s2": "maxpool2",
    "pool3-3x3_s2": "maxpool3",
    "pool4-3x3_s2": "maxpool4",
    "pool5-7x7_s1": "avgpool",
    "pool5-drop_7x7_s1": "dropout",
    "loss3-classifier": "fc",
    **{
        f"inception_{number}-{theirs}": f"inception{number}.{ours}"
        for number in _INCEPTIONS
        for theirs, ours in (
            ("output", "cat"),
            ("1x1", "branch1.conv"),
            ("relu_1x1", "branch1.relu"),
            ("3x3_reduce", "branch2.0.conv"),
            ("relu_3x3_reduce", "branch2.0.relu"),
            ("3x3", "branch2.1.conv"),
            ("relu_3x3", "branch2.1.relu"),
            ("5x5_reduce", "branch3.0.conv"),
            ("relu_5x5_reduce", "branch3.0.relu"),
            ("5x5", "branch3.1.conv"),
            ("relu_5x5", "branch3.1.relu"),
            ("pool", "branch4.0"),
            ("pool_proj", "branch4.1.conv"),
            ("relu_pool_proj", "branch4.1.relu"),
        )
    },
}


class _Conv(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.bn(self.conv(x)), inplace=True)


class _Inception(nn.Module):
    def __init__(self, inputs: int, c1: int, r3: int, c3: int, r5: int, c5: int, pool: int) -> None:
        super().__init__()
        self.branch1 = _Conv(inputs, c1, 1)
        self.branch2 = nn.Sequential(_Conv(inputs, r3, 1), _Conv(r3, c3, 3, padding=1))
        self.branch3 = nn.Sequential(_Conv(inputs, r5, 1), _Conv(r5, c5, 3, padding=1))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), _Conv(inputs, pool, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class GoogLeNet(nn.Module):
    """GoogLeNet, also called Inception-v1.

    >>> GoogLeNet(classes=10).eval()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 10])
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = _Conv(3, 64, 7, 2, 3)
        self.maxpool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = _Conv(64, 64, 1)
        self.conv3 = _Conv(64, 192, 3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        for number, widths in _INCEPTIONS.items():
            self.add_module(f"inception{number}", _Inception(*widths))
        self.maxpool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(1024, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits (n, classes)."""
        x = self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))))
        x = self.maxpool3(self._inceptions(x, 3, "ab"))
        x = self.maxpool4(self._inceptions(x, 4, "abcde"))
        x = self._inceptions(x, 5, "ab")
        logits: Tensor = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        return logits

    def _inceptions(self, x: Tensor, stage: int, letters: str) -> Tensor:
        for letter in letters:
            x = self.get_submodule(f"inception{stage}{letter}")(x)
        return x
