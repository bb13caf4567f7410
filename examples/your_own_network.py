"""Open a network of your own: functional and in-place operations are layers like any other."""

import torch
import torch.nn.functional as F
from torch import nn

import cutaway as cw


class Small(nn.Module):
    """Two convolutions and a sum, with the operations written as functions."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 5, stride=2)
        self.body = nn.Conv2d(16, 16, 3, padding=1)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        """Give the logits (n, 3)."""
        x = F.relu(self.stem(x), inplace=True)
        x = F.relu(self.body(x) + x)
        return self.head(x.mean((2, 3)))


torch.manual_seed(0)
settings = cw.Preprocessing(size=64, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
net = cw.Network(Small(), preprocessing=settings, classes=["circle", "square", "star"])
for layer in net.layers:
    print(f"{layer.name:12} {layer.kind:8} {layer.shape}  sees {layer.receptive_field}")

images = torch.rand(1, 3, 64, 64)
before, after = cw.capture(net, images, ["stem", "relu"]).values()
print("negative before the ReLU:", bool((before < 0).any()), "· after:", bool((after < 0).any()))
print("CAM of 'star':", tuple(cw.attribution.CAM()(net, images, cw.class_logit(2)).shape))
