"""AlexNet in one column.

Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014. State-dict names as in
torchvision.
"""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["RENAMES", "AlexNet"]

RENAMES = {
    "features.0": "conv1",
    "features.1": "relu1",
    "features.2": "pool1",
    "features.3": "conv2",
    "features.4": "relu2",
    "features.5": "pool2",
    "features.6": "conv3",
    "features.7": "relu3",
    "features.8": "conv4",
    "features.9": "relu4",
    "features.10": "conv5",
    "features.11": "relu5",
    "features.12": "pool5",
    "classifier.0": "drop6",
    "classifier.1": "fc6",
    "classifier.2": "relu6",
    "classifier.3": "drop7",
    "classifier.4": "fc7",
    "classifier.5": "relu7",
    "classifier.6": "fc8",
}


class AlexNet(nn.Module):
    """AlexNet; `classes=0` leaves the classifier away.

    >>> import torch
    >>> AlexNet(classes=0)(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 256, 1, 1])
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(6) if classes else None
        self.classifier = (
            nn.Sequential(
                nn.Dropout(),
                nn.Linear(256 * 36, 4096),
                nn.ReLU(inplace=True),
                nn.Dropout(),
                nn.Linear(4096, 4096),
                nn.ReLU(inplace=True),
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
