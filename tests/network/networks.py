"""Small networks of every make, each with its forward pass written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

# Every hand-written pass gives (the activation of the inner layer, the output).
Hand = Callable[[Any, Any], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Make:
    """One network: how to build it, what it is fed, an inner layer's name, and its forward pass by hand."""

    build: Callable[[], nn.Module]
    inner: str
    hand: Hand
    inputs: Callable[[], Any] = lambda: torch.randn(2, 3, 8, 8)
    output: str = "@output"
    exact: bool = True


def stack() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(4),
        nn.Conv2d(4, 5, 3),
        nn.ReLU(inplace=True),
    )


def stack_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = net[0](x)
    return inner, net[3](net[2](F.relu(inner))).relu()


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.two(F.relu(self.one(x), inplace=True)))


def functional_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = torch.relu(net.one(x))
    return inner, torch.relu(net.two(inner))


class OneReLU(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.three(self.relu(self.two(self.relu(self.one(x))))))


def one_relu_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = torch.relu(net.two(torch.relu(net.one(x))))
    return inner, torch.relu(net.three(inner))


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        out = self.one(x)
        out += x
        out = F.relu_(out)
        return self.three(self.two(out) + out)


def residual_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = net.one(x) + x
    plain = torch.relu(inner)
    return inner, net.three(net.two(plain) + plain)


class Joined(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.wide = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 4, 3, padding=1)
        self.relu, self.last = nn.ReLU(inplace=True), nn.Conv2d(6, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.cat([self.relu(self.narrow(x)), self.relu(self.wide(x))], 1))


def joined_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = torch.cat([net.narrow(x).relu(), net.wide(x).relu()], 1)
    return inner, net.last(inner)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(torch.tanh(self.conv(x)))


def twice_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = net.conv(x)
    return inner, net.conv(torch.tanh(inner))


class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 3), nn.Conv2d(1, 4, 3)

    def forward(self, photo: Tensor, depth: Tensor) -> Tensor:
        return (self.left(photo) * self.right(depth)).mean((2, 3))


def two_inputs_by_hand(net: Any, given: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    inner = net.left(given[0])
    return inner, (inner * net.right(given[1])).mean((2, 3))


class Several(nn.Module):
    """Returns a tuple, or a mapping."""

    def __init__(self, named: bool) -> None:
        super().__init__()
        self.conv, self.fc, self.named = nn.Conv2d(3, 4, 3), nn.Linear(4, 3), named

    def forward(self, x: Tensor) -> Any:
        features = F.relu(self.conv(x))
        scores = self.fc(features.mean((2, 3)))
        return {"out": scores, "features": features} if self.named else (features, scores)


def several_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = F.relu(net.conv(x))
    return inner, net.fc(inner.mean((2, 3)))


def normed() -> nn.Module:
    return nn.Sequential(weight_norm(nn.Conv2d(3, 4, 3)), nn.ReLU(), weight_norm(nn.Conv2d(4, 3, 3)))


def normed_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = F.conv2d(x, net[0].weight, net[0].bias)
    return inner, F.conv2d(inner.relu(), net[2].weight, net[2].bias)


class WritesItsInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x.mul_(2).sub_(1)
        return self.conv(x).sigmoid()


def writes_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = net.conv(x * 2 - 1)
    return inner, inner.sigmoid()


def mobile() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 1),
        nn.BatchNorm2d(6),
        nn.ReLU6(inplace=True),
        nn.Conv2d(6, 6, 3, stride=2, padding=1, groups=6),
        nn.BatchNorm2d(6),
        nn.ReLU6(inplace=True),
        nn.Conv2d(6, 3, 1),
    )


def mobile_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = net[4](net[3](F.relu6(net[1](net[0](x)))))
    return inner, net[6](F.relu6(inner))


class Chunked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 8, 3), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.one(x).chunk(2, dim=1)
        first, _, last = torch.split(torch.sigmoid(right) * left, [1, 2, 1], 1)
        return torch.cat((first * last, self.two(left)), 1)


def chunked_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    both = net.one(x)
    inner = torch.sigmoid(both[:, 4:])
    gated = inner * both[:, :4]
    return inner, torch.cat((gated[:, :1] * gated[:, 3:], net.two(both[:, :4])), 1)


class _Doubled(torch.autograd.Function):
    """Twice the input forward, three times the gradient backward: a gradient of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient * 3


class OwnGradient(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(_Doubled.apply(F.relu(self.one(x))))


def own_gradient_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = net.one(x).relu()
    return inner, net.two(_Doubled.apply(inner))


class Looped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = x + F.gelu(block(x))
        return x


def looped_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    for block in net.blocks[:2]:
        x = x + F.gelu(block(x))
    inner = net.blocks[2](x)
    x = x + F.gelu(inner)
    return inner, x + F.gelu(net.blocks[3](x))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.norm, self.norm2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        x = x + self.mlp(self.norm2(x))
        return self.head(x[:, 0])


def transformer_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = net.embed(x)
    x = inner.flatten(2).transpose(1, 2)
    x = torch.cat([net.token.expand(len(x), -1, -1), x], 1)
    y = net.norm(x)
    n, t, _ = y.shape
    both = F.linear(y, net.attention.in_proj_weight, net.attention.in_proj_bias)
    q, k, v = (part.view(n, t, 2, 4).transpose(1, 2) for part in both.chunk(3, -1))
    mixed = ((q @ k.transpose(-2, -1)) / 2.0).softmax(-1) @ v
    x = x + net.attention.out_proj(mixed.transpose(1, 2).reshape(n, t, 8))
    x = x + net.mlp(net.norm2(x))
    return inner, net.head(x[:, 0])


class SplitAgain(nn.Module):
    """A module inside gives a view of its input; then SiLU, in place."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.flat, self.act = nn.Conv2d(3, 4, 3), nn.Flatten(2), nn.SiLU(inplace=True)
        self.two = nn.Conv1d(4, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.act(self.flat(self.one(x))))


def split_again_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = F.silu(net.one(x).flatten(2))
    return inner, net.two(inner)


class OnlyFunctions(nn.Module):
    """No modules inside: weights of its own, and functions."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.shift = nn.Parameter(torch.randn(4, 3, 3, 3) / 4), nn.Parameter(torch.randn(4))
        self.scale, self.matrix = nn.Parameter(torch.rand(4, 1, 1) + 0.5), nn.Parameter(torch.randn(5, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.kernel, self.shift, padding=1)
        x = torch.where(x > 0, x, 0.1 * x) * self.scale
        return F.max_pool2d(x, 2).mean((2, 3)) @ self.matrix.t()


def only_functions_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    inner = F.conv2d(x, net.kernel, net.shift, padding=1)
    y = torch.where(inner > 0, inner, 0.1 * inner) * net.scale
    return inner, F.max_pool2d(y, 2).mean((2, 3)) @ net.matrix.t()


class WritesItems(nn.Module):
    """Writes into a part of a map, and through a view of another."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(x)
        x[:, 1] = 0
        x[:, :, ::2] = torch.tanh(x[:, :, ::2])
        x = self.two(x)
        x.unsqueeze(0).clamp_(min=-0.2)
        return x


def writes_items_by_hand(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    y = net.one(x)
    y = y * torch.tensor([1, 0, 1, 1], dtype=y.dtype).view(1, 4, 1, 1)
    even = (torch.arange(y.shape[2]) % 2 == 0).view(1, 1, -1, 1)
    y = torch.where(even, torch.tanh(y), y)
    inner = net.two(y)
    return inner, inner.clamp(min=-0.2)


MAKES: dict[str, Make] = {
    "in-place modules": Make(stack, "0", stack_by_hand),
    "functions": Make(Functional, "relu", functional_by_hand),
    "one ReLU three times": Make(OneReLU, "relu:2", one_relu_by_hand),
    "residual": Make(Residual, "add", residual_by_hand),
    "concatenation": Make(Joined, "cat", joined_by_hand),
    "shared convolution": Make(Twice, "conv", twice_by_hand),
    "two inputs": Make(
        TwoInputs, "left", two_inputs_by_hand, lambda: (torch.randn(2, 3, 8, 8), torch.randn(2, 1, 8, 8))
    ),
    "tuple": Make(lambda: Several(False), "relu", several_by_hand, output="@output[1]"),
    "mapping": Make(lambda: Several(True), "relu", several_by_hand, output="@output['out']"),
    "parametrised": Make(normed, "0", normed_by_hand),
    "writes its input": Make(WritesItsInput, "conv", writes_by_hand),
    "depthwise": Make(mobile, "4", mobile_by_hand),
    "chunk and split": Make(Chunked, "sigmoid", chunked_by_hand),
    "own gradient": Make(OwnGradient, "relu", own_gradient_by_hand),
    "list of modules": Make(Looped, "blocks.2", looped_by_hand),
    "view and SiLU": Make(SplitAgain, "act", split_again_by_hand),
    "only functions": Make(OnlyFunctions, "conv2d", only_functions_by_hand),
    "writes items": Make(WritesItems, "two", writes_items_by_hand),
    "transformer": Make(Transformer, "embed", transformer_by_hand, exact=False),
}
