"""Whatever a network is made of and whatever it is in the middle of: right numbers, and nothing left behind."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module

from cutaway.errors import UnsupportedNetwork
from cutaway.network.capture import capture, differentiate
from cutaway.network.network import Network
from cutaway.network.undisturbed import undisturbed
from tests.network.networks import MAKES, Make

Situation = Callable[[nn.Module, Any], AbstractContextManager[Any]]


def cast(value: Any, dtype: torch.dtype) -> Any:
    return tuple(v.to(dtype) for v in value) if isinstance(value, tuple) else value.to(dtype)


def listed(value: Any) -> list[Tensor]:
    return list(value) if isinstance(value, tuple) else [value]


def score_of(output: Tensor) -> Tensor:
    flat = output.flatten(1)
    return (flat * torch.linspace(-1, 2, flat.shape[1], dtype=flat.dtype)).sum(1)


def evaluation(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    net.eval()
    return nullcontext()


def mixed_modes(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    net.train()
    for child in list(net.modules())[2::2]:
        child.eval()
    return nullcontext()


def frozen(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    net.eval().requires_grad_(False)
    return nullcontext()


def in_no_grad(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    return torch.no_grad()


def in_inference_mode(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    return torch.inference_mode()


def while_training(net: nn.Module, inputs: Any) -> AbstractContextManager[Any]:
    net.train()
    output = net(*[value.clone() for value in listed(inputs)])
    values = list(output.values()) if isinstance(output, dict) else listed(output)
    torch.stack([value.pow(2).mean() for value in values]).sum().backward()
    return nullcontext()


def after_channels_last(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    net.to(memory_format=torch.channels_last)
    return nullcontext()


def in_double(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    net.double()
    return nullcontext()


def in_bfloat16(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    net.bfloat16()
    return nullcontext()


def with_hooks(net: nn.Module, _: Any) -> AbstractContextManager[Any]:
    seen: list[str] = []
    for child in net.modules():
        child.register_forward_hook(lambda *_: seen.append("after"))
        child.register_forward_pre_hook(lambda *_: seen.append("before"))
    return nullcontext()


@contextmanager
def after_an_exception(net: nn.Module, inputs: Any) -> Iterator[None]:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("in the middle of a forward pass")

    last = list(net.modules())[-1]
    handle = last.register_forward_hook(fail)
    before = state_of(net)
    for use in (lambda: capture(Network(net), inputs, "@output"), lambda: Network(net).layers_for(inputs)):
        with pytest.raises(UnsupportedNetwork, match="ZeroDivisionError: in the middle of a forward") as told:
            use()
        assert isinstance(told.value.__cause__, ZeroDivisionError)
    assert_same(before, state_of(net))
    handle.remove()
    yield


SITUATIONS: dict[str, Situation] = {
    "eval": evaluation,
    "mixed modes": mixed_modes,
    "frozen": frozen,
    "no_grad": in_no_grad,
    "inference_mode": in_inference_mode,
    "training": while_training,
    "channels_last": after_channels_last,
    "float64": in_double,
    "bfloat16": in_bfloat16,
    "hooks": with_hooks,
    "exception": after_an_exception,
}


def state_of(net: nn.Module) -> dict[str, Any]:
    """Everything of a network, and around it, that must be the same afterwards."""
    hooks = [name for name in vars(net) if name.endswith("_hooks")]
    return {
        "state": {name: value.clone() for name, value in net.state_dict().items()},
        "identity": [id(value) for value in (*net.parameters(), *net.buffers())],
        "versions": [value._version for value in (*net.parameters(), *net.buffers())],
        "strides": [value.stride() for value in (*net.parameters(), *net.buffers())],
        "training": [child.training for child in net.modules()],
        "requires_grad": [p.requires_grad for p in net.parameters()],
        "grads": {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None},
        "grad identity": [id(p.grad) if p.grad is not None else None for p in net.parameters()],
        "tensor hooks": [p._backward_hooks for p in net.parameters()],
        "attributes": [sorted(vars(child)) for child in net.modules()],
        "hooks": [{name: list(getattr(child, name)) for name in hooks} for child in net.modules()],
        "global hooks": {
            name: list(value)
            for name, value in vars(torch_module).items()
            if name.startswith("_global_") and hasattr(value, "keys")
        },
        "random": {"": torch.get_rng_state()},
        "numpy's random": [*np.random.get_state()[1].tolist(), np.random.get_state()[2]],
        "modes": [torch.is_grad_enabled(), torch.is_inference_mode_enabled()],
        "mode stack": [torch._C._len_torch_function_stack()],
    }


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    for what, value in before.items():
        if what in ("state", "grads", "random"):
            assert value.keys() == after[what].keys(), what
            assert all(torch.equal(tensor, after[what][name]) for name, tensor in value.items()), what
        else:
            assert value == after[what], what


def assert_close(found: Tensor, right: Tensor, least: float) -> None:
    assert found.shape == right.shape
    assert found.dtype == right.dtype
    scale = right.abs().max().clamp_min(1e-30).double()
    assert float((found.double() - right.double()).abs().max() / scale) <= least


def right_answers(net: nn.Module, inputs: Any, make: Make) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The inner activation, the output, and the gradients at both ends, from a copy and without our code."""
    with torch.inference_mode(False), torch.enable_grad():
        twin = copy.deepcopy(net).eval()
        for child in twin.modules():
            child._forward_hooks.clear()
            child._forward_pre_hooks.clear()
        given = [value.clone().requires_grad_(True) for value in listed(inputs)]
        inner, output = make.hand(twin, tuple(given) if isinstance(inputs, tuple) else given[0])
        if not inner.requires_grad:
            inner.requires_grad_(True)
        at_inner, at_input = torch.autograd.grad(score_of(output).sum(), [inner, given[0]])
    return inner.detach(), output.detach(), at_inner, at_input


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("kind", MAKES)
def test_right_numbers_and_nothing_left_behind(kind: str, situation: str) -> None:
    make = MAKES[kind]
    net, inputs = make.build(), make.inputs()
    for child in net.modules():
        if isinstance(child, nn.BatchNorm2d):
            child.running_mean.normal_()
            child.running_var.uniform_(0.5, 2)
    least = 1e-6
    if situation == "bfloat16":
        least = 0.05 if not make.exact else 0.02
    elif not make.exact:
        least = 2e-5
    with SITUATIONS[situation](net, inputs):
        inputs = cast(inputs, next(net.parameters()).dtype)
        kept = [value.clone() for value in listed(inputs)]
        inner, output, at_inner, at_input = right_answers(net, inputs, make)
        network, before = Network(net), state_of(net)

        found = capture(network, inputs, [make.inner, make.output, "@input"])
        derived = differentiate(
            network, inputs, lambda a: score_of(a[make.output]), [make.output], [make.inner, "@input"]
        )

        assert_same(before, state_of(net))
        assert all(torch.equal(a, b) for a, b in zip(kept, listed(inputs), strict=True))
        assert torch.equal(found["@input"], kept[0])
        for name, right in ((make.inner, inner), (make.output, output)):
            if make.exact:
                assert torch.equal(found[name], right)
            assert_close(found[name], right, least)
            assert_close(derived.activations[name], right, least)
            assert not found[name].requires_grad
        assert_close(derived.gradients[make.inner], at_inner, least)
        assert_close(derived.gradients["@input"], at_input, least)
        assert_close(derived.scores, score_of(output), max(least, 2e-6))


def test_in_the_middle_of_training_nothing_goes_astray() -> None:
    """A loop that looks into the network at every step learns the same, to the last bit, as one that does not."""

    def learn(looks: bool) -> tuple[list[float], dict[str, Tensor]]:
        torch.manual_seed(5)
        net = nn.Sequential(
            nn.Conv2d(3, 4, 3),
            nn.BatchNorm2d(4),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(144, 2),
        )
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        network, losses = Network(net), []
        for _ in range(4):
            images = torch.randn(4, 3, 8, 8)
            loss = net(images).pow(2).mean()
            if looks:
                capture(network, images, ["0", "2"])
                differentiate(network, images, lambda a: a["@output"][:, 0], ["@output"], ["2", "@input"])
            optimizer.zero_grad()
            loss.backward()
            if looks:
                found = differentiate(network, images, lambda a: a["@output"][:, 0], ["@output"], ["0"])
                assert not any(value.requires_grad for value in found.gradients.values())
            optimizer.step()
            losses.append(float(loss.detach()))
            if looks:
                with torch.no_grad():
                    right = copy.deepcopy(net).eval()[0](images)
                assert torch.equal(capture(network, images, "0")["0"], right)
        return losses, net.state_dict()

    (losses, state), (watched, seen) = learn(False), learn(True)
    assert losses == watched
    assert all(torch.equal(value, seen[name]) for name, value in state.items())


def test_numbers_drawn_inside_are_given_back() -> None:
    class Draws(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * float(np.random.rand()) + torch.rand(1)

    net, images = Draws(), torch.randn(1, 3, 4, 4)
    before = state_of(net)
    capture(Network(net), images, "@output")
    assert_same(before, state_of(net))
    with undisturbed(net):  # not by way of `capture`: the type checks of the tests draw from this one
        drawn = random.getstate()
        random.random()
    assert random.getstate() == drawn
