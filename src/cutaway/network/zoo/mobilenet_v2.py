"""MobileNet-v2: inverted residuals with linear bottlenecks.

Source: Sandler et al., "MobileNetV2: Inverted residuals and linear bottlenecks", CVPR 2018, table 2. State-dict names
as in torchvision.
"""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["ALIASES", "HEAD_ALIASES", "MobileNetV2"]

# Expansion, channels, blocks, stride of the first.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)

# Keras' and MATLAB's names of the same layers.
ALIASES = {
    "Conv1": "features.0.0",
    "bn_Conv1": "features.0.1",
    "Conv1_relu": "features.0.2",
    "Conv_1": "features.18.0",
    "Conv_1_bn": "features.18.1",
    "out_relu": "features.18.2",
    **{f"block_{n}_add": f"features.{n + 1}.add" for n in (2, 4, 5, 7, 8, 9, 11, 12, 14, 15)},
    **{f"block_{n}_expand_relu": f"features.{n + 1}.conv.0.2" for n in range(1, 17)},
    **{f"block_{n}_depthwise_relu": f"features.{n + 1}.conv.1.2" for n in range(1, 17)},
    **{f"block_{n}_project": f"features.{n + 1}.conv.2" for n in range(1, 17)},
}

HEAD_ALIASES = {"global_average_pooling2d_1": "adaptive_avg_pool2d", "Logits": "classifier.1"}


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class _Inverted(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            *([_conv(inputs, hidden, 1)] if expansion != 1 else []),
            _conv(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return x + out if self.adds else out


class MobileNetV2(nn.Module):
    """MobileNet-v2 of width 1; `classes=0` leaves the classifier away.

    >>> import torch
    >>> MobileNetV2(classes=0).eval()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 1280, 2, 2])
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = [_conv(3, 32, 3, 2)]
        inputs = 32
        for expansion, outputs, count, stride in _STAGES:
            for number in range(count):
                layers.append(_Inverted(inputs, outputs, stride if number == 0 else 1, expansion))
                inputs = outputs
        layers.append(_conv(inputs, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes)) if classes else None

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits (n, classes), or the last map where there is no classifier."""
        x = self.features(x)
        if self.classifier is None:
            return x
        pooled = nn.functional.adaptive_avg_pool2d(x, 1)
        logits: Tensor = self.classifier(pooled.flatten(1))
        return logits
