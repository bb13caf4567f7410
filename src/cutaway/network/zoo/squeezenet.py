"""SqueezeNet 1.1: 1.2 million weights, and no fully connected layer.

Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size", 2016;
version 1.1 of its authors' repository. State-dict names as in torchvision.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ALIASES", "RENAMES", "SqueezeNet"]

_FIRE = {2: 3, 3: 4, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12}

RENAMES = {
    "features.0": "conv1",
    "features.1": "relu1",
    "features.2": "pool1",
    "features.5": "pool3",
    "features.8": "pool5",
    **{f"features.{place}": f"fire{number}" for number, place in _FIRE.items()},
    "classifier.0": "drop9",
    "classifier.1": "conv10",
    "classifier.2": "relu10",
    "classifier.3": "pool10",
}

# The names of the same layers in MATLAB and Caffe.
ALIASES = {
    "relu_conv1": "relu1",
    "relu_conv10": "relu10",
    "fire9-drop": "drop9",
    **{
        f"fire{number}-{theirs}": f"fire{number}.{ours}"
        for number in _FIRE
        for theirs, ours in (
            ("squeeze1x1", "squeeze"),
            ("relu_squeeze1x1", "squeeze_activation"),
            ("expand1x1", "expand1x1"),
            ("relu_expand1x1", "expand1x1_activation"),
            ("expand3x3", "expand3x3"),
            ("relu_expand3x3", "expand3x3_activation"),
            ("concat", "cat"),
        )
    },
}
ALIASES |= {name.replace("-", "/"): layer for name, layer in ALIASES.items() if "-" in name}


class _Fire(nn.Module):
    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        narrow = self.expand1x1_activation(self.expand1x1(x))
        wide = self.expand3x3_activation(self.expand3x3(x))
        return torch.cat([narrow, wide], 1)


class SqueezeNet(nn.Module):
    """SqueezeNet 1.1.

    >>> SqueezeNet().eval()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 1000])
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            _Fire(64, 16, 64),
            _Fire(128, 16, 64),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            _Fire(128, 32, 128),
            _Fire(256, 32, 128),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            _Fire(256, 48, 192),
            _Fire(384, 48, 192),
            _Fire(384, 64, 256),
            _Fire(512, 64, 256),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Conv2d(512, classes, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits (n, classes); they are never negative, as a ReLU comes before their mean."""
        scores: Tensor = self.classifier(self.features(x))
        return scores.flatten(1)
