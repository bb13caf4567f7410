"""VGG-16 and VGG-19: nothing but 3x3 convolutions and pools, then three fully connected layers.

Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015,
configurations D and E. State-dict names as in torchvision.
"""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["VGG", "aliases", "renames"]

BLOCKS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_WIDTHS = (64, 128, 256, 512, 512)


class VGG(nn.Module):
    """VGG of 16 or 19 layers; `classes=0` leaves the classifier away.

    >>> import torch
    >>> VGG(16, classes=0)(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 512, 1, 1])
    """

    def __init__(self, depth: int = 16, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for count, width in zip(BLOCKS[depth], _WIDTHS, strict=True):
            for _ in range(count):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
                inputs = width
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7) if classes else None
        self.classifier = (
            nn.Sequential(
                nn.Linear(512 * 49, 4096),
                nn.ReLU(inplace=True),
                nn.Dropout(),
                nn.Linear(4096, 4096),
                nn.ReLU(inplace=True),
                nn.Dropout(),
                nn.Linear(4096, classes),
            )
            if classes
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits (n, classes), or the last map where there is no classifier."""
        x = self.features(x)
        if self.avgpool is None or self.classifier is None:
            return x
        logits: Tensor = self.classifier(self.avgpool(x).flatten(1))
        return logits


def renames(depth: int) -> dict[str, str]:
    """Give the paper's names: features.0 is conv1_1, features.1 relu1_1, features.4 pool1.

    >>> renames(16)["features.28"]
    'conv5_3'
    """
    names, place = {}, 0
    for block, count in enumerate(BLOCKS[depth], 1):
        for number in range(1, count + 1):
            names[f"features.{place}"] = f"conv{block}_{number}"
            names[f"features.{place + 1}"] = f"relu{block}_{number}"
            place += 2
        names[f"features.{place}"] = f"pool{block}"
        place += 1
    return names | {
        "classifier.0": "fc6",
        "classifier.1": "relu6",
        "classifier.2": "drop6",
        "classifier.3": "fc7",
        "classifier.4": "relu7",
        "classifier.5": "drop7",
        "classifier.6": "fc8",
    }


def aliases(depth: int) -> dict[str, str]:
    """Give further spellings: conv4-3, block4_conv3 (Keras), block4_pool.

    >>> aliases(16)["block4_conv3"]
    'relu4_3'
    """
    found = {}
    for block, count in enumerate(BLOCKS[depth], 1):
        for number in range(1, count + 1):
            found[f"conv{block}-{number}"] = f"conv{block}_{number}"
            # A Keras layer is the convolution with its ReLU.
            found[f"block{block}_conv{number}"] = f"relu{block}_{number}"
        found[f"block{block}_pool"] = f"pool{block}"
    return found
