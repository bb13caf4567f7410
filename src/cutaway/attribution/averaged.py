"""The weighted mean of gradients at many images near or before one: what several methods are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import UnsupportedNetwork
from cutaway.network.capture import differentiate, one_each
from cutaway.network.inputs import Inputs, cannot_run, once
from cutaway.network.many import in_chunks, quickest_format
from cutaway.network.memory import chunk, keeps
from cutaway.network.network import INPUT, Network
from cutaway.network.resume import quicker
from cutaway.network.several import named_inputs, variants
from cutaway.network.tape import Unfollowable, check_same
from cutaway.objectives.objective import Objective

__all__ = ["alone", "averaged_gradient", "each_image", "for_each_copy"]

# Fewer variants than this do not repay leaving out the outputs that nobody asks for.
_WORTH_FOLLOWING = 16


def averaged_gradient(
    network: Network,
    image: Inputs,
    objective: Objective,
    make: Callable[[int, int], Mapping[str, Tensor]],
    weights: Float[Tensor, " count"],
    what: str,
    power: int = 1,
) -> dict[str, Tensor]:
    """Sum up the gradients of one image's variants, each by its weight.

    Args:
        network: left exactly as found.
        image: whose variants they are, a batch of one.
        objective: the same for all.
        make: the variants from `start` to before `stop`, (k,…) by the name of each input.
        weights: of each.
        what: for the progress.
        power: 2 sums up the squared gradients.

    Returns:
        By the name of each input, (1,…).

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2)))
    >>> one = torch.zeros(1, 3, 4, 4)
    >>> copies = lambda a, b: {"@input": one.repeat(b - a, 1, 1, 1)}
    >>> found = averaged_gradient(net, one, class_logit(1), copies, torch.ones(7) / 7, "copies")
    >>> torch.allclose(found["@input"].flatten(), net.module[1].weight[1])
    True
    """
    names = list(named_inputs(image))
    layout = quickest_format(network, image) if isinstance(image, Tensor) else None

    def made(start: int, stop: int) -> Inputs:
        batch = variants(image, make(start, stop))
        if layout is not None and isinstance(batch, Tensor):
            return batch.contiguous(memory_format=layout)
        return batch

    def whole(start: int, stop: int) -> Mapping[str, Tensor]:
        return differentiate(network, made(start, stop), objective.score, objective.layers, names).gradients

    gradients = _of_fewer(network, image, objective, made, whole, len(weights)) or whole

    def part(start: int, stop: int) -> dict[str, Tensor]:
        shares = weights[start:stop]
        return {
            name: torch.tensordot(shares.to(g), g**power, 1)[None]
            for name, g in gradients(start, stop).items()
        }

    parts = in_chunks(len(weights), chunk(network, image, gradient=True), part, what)
    return {name: torch.stack([one[name] for one in parts]).sum(0) for name in names}


def _of_fewer(
    network: Network,
    image: Inputs,
    objective: Objective,
    made: Callable[[int, int], Inputs],
    whole: Callable[[int, int], Mapping[str, Tensor]],
    count: int,
) -> Callable[[int, int], Mapping[str, Tensor]] | None:
    """Give the gradients without computing the outputs that nobody asks for; None where that saves nothing."""
    if count < _WORTH_FOLLOWING or not isinstance(image, Tensor) or not keeps(network, image):
        return None
    ready = quicker(network, image, objective.layers, objective.columns)
    if ready is None:
        return None
    steps, wrapped = ready

    def fewer(start: int, stop: int) -> Mapping[str, Tensor]:
        with torch.inference_mode(False), torch.enable_grad():
            images = network.ready(made(start, stop))
            assert isinstance(images, Tensor)
            try:
                scores = wrapped(objective.score)(steps.run(images.requires_grad_(True)))
                if not bool(torch.isfinite(scores).all()):
                    return whole(start, stop)  # it says in words where the numbers end
                (gradient,) = torch.autograd.grad(scores.sum(), images)
            except RuntimeError as error:
                raise cannot_run(network.module, [images], error) from error
        return {INPUT: gradient}

    try:
        # The last and the middle one stand for all.
        for place in (count // 2, count - 1):
            check_same(fewer(place, place + 1)[INPUT], whole(place, place + 1)[INPUT])
    except (Unfollowable, UnsupportedNetwork):
        return None
    return fewer


def alone(objective: Objective, index: int, count: int) -> Objective:
    """Give what an objective asks of one image of a batch, for variants of that image alone.

    >>> from cutaway.objectives.class_logit import class_logit
    >>> alone(class_logit([0, 1]), 1, 2).score({"@logits": torch.tensor([[1.0, 5.0], [2.0, 7.0]])})
    tensor([5., 7.])
    """
    if count == 1:
        return objective
    # Each variant stands where the image stood, so that an objective with a class per image asks for its own.
    rows = for_each_copy(objective, count)
    return Objective(
        objective.name,
        objective.layers,
        lambda activations: rows(activations)[:, index],
        columns=objective.columns,
    )


def each_image(
    images: Float[Tensor, "n c h w"], objective: Objective
) -> Iterator[tuple[Tensor, Callable[[Mapping[str, Tensor]], Tensor]]]:
    """Give each image of a batch with the score of its variants; one that stands there several times comes once.

    >>> from cutaway.objectives.class_logit import class_logit
    >>> several = torch.zeros(1, 3, 4, 4).expand(2, -1, -1, -1)
    >>> [
    ...     (tuple(image.shape), score({"@logits": torch.ones(5, 9)}).shape)
    ...     for image, score in each_image(several, class_logit([0, 1]))
    ... ]
    [((1, 3, 4, 4), torch.Size([5, 2]))]
    """
    one, copies = once(images)
    for i in range(len(one)):
        yield (
            one[i : i + 1],
            for_each_copy(objective, copies) if copies > 1 else alone(objective, i, len(images)).score,
        )


def for_each_copy(
    objective: Objective, copies: int
) -> Callable[[Mapping[str, Tensor]], Float[Tensor, "k copies"]]:
    """Score variants of one image that stands in a batch several times, each copy asked for something of its own.

    >>> from cutaway.objectives.class_logit import class_logit
    >>> for_each_copy(class_logit([0, 1]), 2)({"@logits": torch.tensor([[1.0, 5.0], [2.0, 7.0], [3.0, 9.0]])})
    tensor([[1., 5.],
            [2., 7.],
            [3., 9.]])
    """

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        variants = len(next(iter(activations.values())))
        rows = []
        for at in range(variants):
            one = {name: a[at : at + 1].expand(copies, *a.shape[1:]) for name, a in activations.items()}
            rows.append(one_each(objective.score(one), copies))
        return torch.stack(rows)

    return score
