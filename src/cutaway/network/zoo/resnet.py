"""ResNet-18 and ResNet-50: blocks that add to what they read.

Source: He et al., "Deep residual learning for image recognition", CVPR 2016, table 1; the stride of a bottleneck
lies on its 3x3 convolution, as in torchvision, whose state-dict names these are.
"""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["ResNet", "aliases"]

DEPTHS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}


class _Basic(nn.Module):
    widening = 1

    def __init__(self, inputs: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        added: Tensor = self.relu(out)
        return added


class _Bottleneck(nn.Module):
    widening = 4

    def __init__(self, inputs: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        added: Tensor = self.relu(out)
        return added


class ResNet(nn.Module):
    """ResNet of 18 or 50 layers.

    >>> import torch
    >>> ResNet(18, classes=10).eval()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 10])
    """

    def __init__(self, depth: int = 18, classes: int = 1000) -> None:
        super().__init__()
        self._block: type[_Basic] | type[_Bottleneck] = _Basic if depth == 18 else _Bottleneck
        self._inputs = 64
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        counts = DEPTHS[depth]
        self.layer1 = self._stage(64, counts[0], 1)
        self.layer2 = self._stage(128, counts[1], 2)
        self.layer3 = self._stage(256, counts[2], 2)
        self.layer4 = self._stage(512, counts[3], 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512 * self._block.widening, classes)

    def _stage(self, width: int, count: int, stride: int) -> nn.Sequential:
        blocks: list[nn.Module] = []
        for number in range(count):
            step = stride if number == 0 else 1
            outputs = width * self._block.widening
            downsample = None
            if step != 1 or self._inputs != outputs:
                downsample = nn.Sequential(
                    nn.Conv2d(self._inputs, outputs, 1, step, bias=False), nn.BatchNorm2d(outputs)
                )
            blocks.append(self._block(self._inputs, width, step, downsample))
            self._inputs = outputs
        return nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits (n, classes)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        logits: Tensor = self.fc(self.avgpool(x).flatten(1))
        return logits


def aliases(depth: int) -> dict[str, str]:
    """Give MATLAB's and Caffe's names: res5b_relu, res2a_branch2a, bn2a_branch2a, res2a, pool5, fc1000.

    >>> aliases(18)["res5b_relu"], aliases(50)["res4f"]
    ('layer4.1.relu:2', 'layer3.5.add')
    """
    found = {
        "conv1_relu": "relu",
        "conv1|relu": "relu",
        "bn_conv1": "bn1",
        "pool1": "maxpool",
        "pool5": "avgpool",
    }
    found["fc1000"] = "fc"
    convolutions = 2 if depth == 18 else 3
    for stage, count in enumerate(DEPTHS[depth], 2):
        for number in range(count):
            theirs, ours = f"{stage}{'abcdefgh'[number]}", f"layer{stage - 1}.{number}"
            found[f"res{theirs}"] = f"{ours}.add"
            found[f"res{theirs}_relu"] = f"{ours}.relu:{convolutions}"
            if number == 0 and (stage > 2 or depth != 18):  # there, nothing changes size
                found[f"res{theirs}_branch1"] = f"{ours}.downsample.0"
                found[f"bn{theirs}_branch1"] = f"{ours}.downsample.1"
            for place in range(1, convolutions + 1):
                letter = "abc"[place - 1]
                found[f"res{theirs}_branch2{letter}"] = f"{ours}.conv{place}"
                found[f"bn{theirs}_branch2{letter}"] = f"{ours}.bn{place}"
                if place < convolutions:
                    use = f":{place}" if place > 1 else ""
                    found[f"res{theirs}_branch2{letter}_relu"] = f"{ours}.relu{use}"
    return found
