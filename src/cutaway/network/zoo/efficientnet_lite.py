"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, with ReLU6, and TensorFlow's padding.

Source: Tan and Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", ICML 2019, and Google's
"Higher accuracy on vision models with EfficientNet-Lite", 2020. State-dict names as timm's tf_efficientnet_lite0.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["EfficientNetLite0"]

# Expansion, channels, blocks, stride of the first, kernel.
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


class _SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "SAME": the odd pixel comes last, and depends on the size."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = (
            max((-(-size // step) - 1) * step + kernel - size, 0)
            for size, step, kernel in zip(x.shape[-2:], self.stride, self.kernel_size, strict=True)
        )
        if height or width:
            x = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        return super().forward(x)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    if stride == 1:  # the same on both sides, whatever the size: then the convolution can pad by itself
        return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)
    return _SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Separable(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv_dw = _conv(inputs, inputs, kernel, stride, groups=inputs)
        self.bn1 = _norm(inputs)
        self.act1 = nn.ReLU6(inplace=True)
        self.conv_pw = _conv(inputs, outputs, 1)
        self.bn2 = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bn2(self.conv_pw(self.act1(self.bn1(self.conv_dw(x)))))
        return out


class _Inverted(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        self.conv_pw = _conv(inputs, hidden, 1)
        self.bn1 = _norm(hidden)
        self.act1 = nn.ReLU6(inplace=True)
        self.conv_dw = _conv(hidden, hidden, kernel, stride, groups=hidden)
        self.bn2 = _norm(hidden)
        self.act2 = nn.ReLU6(inplace=True)
        self.conv_pwl = _conv(hidden, outputs, 1)
        self.bn3 = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.act1(self.bn1(self.conv_pw(x)))
        wide = self.act2(self.bn2(self.conv_dw(wide)))
        out: Tensor = self.bn3(self.conv_pwl(wide))
        return x + out if self.adds else out


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0.

    >>> import torch
    >>> EfficientNetLite0(classes=10).eval()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 10])
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv_stem = _conv(3, 32, 3, 2)
        self.bn1 = _norm(32)
        self.act1 = nn.ReLU6(inplace=True)
        stages: list[nn.Module] = []
        inputs = 32
        for expansion, outputs, count, stride, kernel in _STAGES:
            blocks: list[nn.Module] = []
            for number in range(count):
                step = stride if number == 0 else 1
                if expansion == 1:
                    blocks.append(_Separable(inputs, outputs, kernel, step))
                else:
                    blocks.append(_Inverted(inputs, outputs, kernel, step, expansion))
                inputs = outputs
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = _conv(inputs, 1280, 1)
        self.bn2 = _norm(1280)
        self.act2 = nn.ReLU6(inplace=True)
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(1280, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits (n, classes)."""
        x = self.blocks(self.act1(self.bn1(self.conv_stem(x))))
        x = self.global_pool(self.act2(self.bn2(self.conv_head(x))))
        logits: Tensor = self.classifier(x.flatten(1))
        return logits
