"""Networks with several inputs: what each is called, one image's share of all, and variants of that."""

from __future__ import annotations

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.calls import named_tensors, replaced, tensors
from cutaway.network.inputs import Inputs, changed, input_tensors
from cutaway.network.network import INPUT, Network

__all__ = ["named_inputs", "one_batch", "one_of", "one_tensor", "variants"]


def one_batch(network: Network, images: Inputs, method: str) -> Float[Tensor, "n c h w"]:
    """Give the images of a method that takes one batch of them, on the network's device and in its precision.

    Args:
        network: that will run on them.
        images: as a person gave them.
        method: named in the refusal.

    Raises:
        UnsupportedMethod: for several inputs.
        BadSetting: for what is no batch (n,c,h,w).

    >>> import torch
    >>> from torch import nn
    >>> one_batch(Network(nn.ReLU()), torch.zeros(3, 8, 8), "RISE")
    Traceback (most recent call last):
    cutaway.errors.BadSetting: RISE takes a batch (n,c,h,w), got one of shape (3, 8, 8): give images[None]
    """
    one = one_tensor(network, images, method)
    if one.dim() != 4:
        instead = ": give images[None]" if one.dim() == 3 else ""
        raise BadSetting(f"{method} takes a batch (n,c,h,w), got one of shape {tuple(one.shape)}{instead}")
    return one.to(network.device, network.dtype)


def one_tensor(network: Network, images: Inputs, method: str) -> Tensor:
    """Give the images of a method that takes one tensor of them.

    Args:
        network: named in the refusal, as the method is.
        images: as a person gave them.
        method: its name.

    Raises:
        UnsupportedMethod: for several inputs.
        BadSetting: for what is no floating tensor.

    >>> import torch
    >>> from torch import nn
    >>> one_tensor(Network(nn.ReLU()), (torch.zeros(1, 3), torch.zeros(1, 3)), "RISE")
    Traceback (most recent call last):
    cutaway.errors.UnsupportedMethod: RISE takes one tensor of images, and ReLU was given several inputs...
    """
    input_tensors(images)
    if not isinstance(images, Tensor):
        raise UnsupportedMethod(
            f"{method} takes one tensor of images, and {network.name} was given several inputs. "
            "Use Saliency, SmoothGrad, InputXGradient or IntegratedGradients, which give a map of each"
        )
    return images.as_subclass(Tensor)


def named_inputs(inputs: Inputs) -> dict[str, Tensor]:
    """Name the floating tensors that hold something of each image: "@input", or "@input[0]" and "@input['depth']".

    >>> import torch
    >>> list(named_inputs(torch.zeros(2, 3)))
    ['@input']
    >>> list(named_inputs((torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64), torch.zeros(2, 5))))
    ['@input[0]', '@input[2]']
    """
    count = len(input_tensors(inputs)[0])
    return {INPUT + way: t for way, t in named_tensors(inputs).items() if t.dim() and len(t) == count}


def one_of(inputs: Inputs, index: int) -> Inputs:
    """Give one image's share of all inputs, as a batch of one.

    >>> import torch
    >>> [t.shape for t in one_of((torch.zeros(2, 3), torch.zeros(2, 5)), 1)]
    [torch.Size([1, 3]), torch.Size([1, 5])]
    """
    count = len(input_tensors(inputs)[0])
    return changed(inputs, lambda t: t[index : index + 1] if t.dim() and len(t) == count else t)


def variants(one: Inputs, values: Mapping[str, Tensor]) -> Inputs:
    """Give a batch of variants of one image: some inputs in other values, what else it holds repeated.

    Args:
        one: the inputs of one image.
        values: by the name of each input, its variants, (k,…), k the same for all.

    >>> import torch
    >>> image, kind = torch.zeros(1, 3), torch.tensor([7])
    >>> [t.tolist() for t in variants((image, kind), {"@input[0]": torch.ones(2, 3)})]
    [[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], [7, 7]]
    """
    count = len(next(iter(values.values())))
    by = {id(t): t.repeat(count, *[1] * (t.dim() - 1)) for t in tensors(one) if t.dim() and len(t) == 1}
    by |= {id(t): values[name] for name, t in named_inputs(one).items() if name in values}
    found: Inputs = replaced(one, by)
    return found
