"""What each tensor of a forward pass sees of the input: receptive fields carried through every operation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from cutaway.network.receptive_field import Axis, ReceptiveField
from cutaway.network.resampling import reach
from cutaway.network.window import window_of

__all__ = ["POINTWISE", "Sight", "look"]

# Each unit reads the same place of its inputs.
POINTWISE = frozenset(
    "relu relu6 leaky_relu elu selu celu gelu silu mish hardswish hardsigmoid hardtanh prelu rrelu sigmoid tanh "
    "softplus softsign logsigmoid threshold dropout dropout1d dropout2d dropout3d alpha_dropout "
    "feature_alpha_dropout feature_dropout batch_norm local_response_norm add sub mul div pow abs neg exp log sqrt "
    "rsqrt square clamp clamp_min clamp_max clip sign reciprocal where maximum minimum lerp addcmul addcdiv "
    "threshold logit erf sin cos floor ceil round nan_to_num cat masked_fill eq ne lt le gt ge".split()
)
_WHOLE_STATISTICS = frozenset(("group_norm", "instance_norm"))
_STATISTICS = _WHOLE_STATISTICS | {"softmax", "log_softmax", "layer_norm", "normalize", "rms_norm"}
_REDUCTIONS = frozenset(
    "mean sum amax amin max min std var prod norm logsumexp argmax median all any".split()
)


@dataclass(frozen=True)
class Sight:
    """What a tensor's units see, and which of its dimensions are height and width.

    Args:
        field: None once every unit sees the whole image.
        dims: (y, x) counted from the end, as (-2, -1) for n,c,h,w.
    """

    field: ReceptiveField | None
    dims: tuple[int, int] = (-2, -1)

    @classmethod
    def of_input(cls, height: int, width: int) -> Sight:
        """Give the sight of the input itself: every pixel sees itself."""
        return cls(ReceptiveField(Axis(), Axis(), (height, width)))


BLIND = Sight(None)


def look(
    operation: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    inputs: Sequence[tuple[Tensor, Sight]],
    output: Tensor,
) -> Sight:
    """Carry sight through one operation; what is not known to be local sees the whole image.

    >>> import torch
    >>> image = torch.zeros(1, 3, 8, 8)
    >>> sight = look("max_pool2d", (image, 2), {}, [(image, Sight.of_input(8, 8))], torch.zeros(1, 3, 4, 4))
    >>> sight.field.size, sight.field.jump
    ((2, 2), (2.0, 2.0))
    """
    sight = _carried(operation, args, kwargs, inputs, output)
    if sight.field is None:
        return sight
    y, x = sight.dims
    return replace(sight, field=sight.field.counted(output.shape[y], output.shape[x]))


def _carried(
    operation: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    inputs: Sequence[tuple[Tensor, Sight]],
    output: Tensor,
) -> Sight:
    seeing = [(tensor, sight) for tensor, sight in inputs if sight.field is not None]
    if not seeing:
        return BLIND
    blind_side = len(seeing) < len(inputs)
    tensor, sight = seeing[0]
    field, dims = sight.field, sight.dims
    assert field is not None
    window = window_of(operation, args, kwargs)
    if window is not None:
        if dims != (-2, -1):
            return BLIND
        if window.transposed:
            return Sight(
                replace(
                    field,
                    y=field.y.transposed(
                        window.kernel[0], window.stride[0], window.padding[0], window.dilation[0]
                    ),
                    x=field.x.transposed(
                        window.kernel[1], window.stride[1], window.padding[1], window.dilation[1]
                    ),
                )
            )
        return Sight(field.window(window.kernel, window.stride, window.padding, window.dilation))
    if operation == "batch_norm" and _argument(args, kwargs, 5, "training", False):
        return Sight(replace(field, whole_image=True), dims)  # statistics of this very batch
    if operation == "setitem":
        # Where in the tensor the value lands is not followed; the tensor itself stays where it was.
        written = bool(seeing) and tensor is args[0]
        return (
            Sight(replace(field, whole_image=field.whole_image or len(inputs) > 1), dims)
            if written
            else BLIND
        )
    if operation in POINTWISE:
        return _joined(operation, args, kwargs, seeing, output, blind_side)
    if operation in _STATISTICS:
        whole = operation in _WHOLE_STATISTICS or _mixes_places(operation, args, kwargs, tensor, dims)
        return Sight(replace(field, whole_image=field.whole_image or whole), dims)
    if operation == "linear":
        return sight if -1 not in dims else BLIND
    if operation == "pad":
        # Wrapped around, the border also reads the other side.
        wrapped = _argument(args, kwargs, 2, "mode", "constant") == "circular"
        field = replace(field, whole_image=field.whole_image or wrapped)
        return _padded(field, dims, _argument(args, kwargs, 1, "pad", ()))
    if operation in ("interpolate", "upsample", "upsample_nearest", "upsample_bilinear", "pixel_shuffle"):
        mode = (
            "nearest" if operation in ("pixel_shuffle", "upsample_nearest") else kwargs.get("mode", "nearest")
        )
        return _resampled(field, dims, tensor, output, mode, kwargs)
    if operation in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        return _resampled(field, dims, tensor, output, "adaptive", {})
    if operation == "pixel_unshuffle":
        step = int(_argument(args, kwargs, 1, "downscale_factor", 1))
        return Sight(field.window((step, step), (step, step), (0, 0), (1, 1)), dims)
    if operation == "channel_shuffle":
        return sight
    if operation in ("permute", "transpose", "swapaxes", "unsqueeze", "squeeze", "movedim"):
        return _reordered(operation, args, kwargs, tensor, sight)
    if operation == "getitem":
        return _sliced(field, dims, tensor, args[1])
    if operation in ("view", "reshape", "flatten", "unflatten", "chunk", "split", "expand", "narrow", "roll"):
        if operation == "roll":
            return BLIND
        return _reshaped(field, dims, tensor, output)
    if operation in _REDUCTIONS:
        return _reduced(args, kwargs, tensor, sight, output)
    return BLIND


def _joined(
    operation: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    seeing: Sequence[tuple[Tensor, Sight]],
    output: Tensor,
    blind_side: bool,
) -> Sight:
    field, dims = seeing[0][1].field, seeing[0][1].dims
    for _, other in seeing[1:]:
        if other.dims != dims or field is None or other.field is None:
            return BLIND
        field = field.joined(other.field)
    if field is None:
        return BLIND
    if operation == "cat":
        dim = int(_argument(args, kwargs, 1, "dim", 0))
        if (dim if dim < 0 else dim - output.dim()) in dims:
            return BLIND
    return Sight(replace(field, whole_image=field.whole_image or blind_side), dims)


def _mixes_places(
    operation: str, args: Sequence[Any], kwargs: Mapping[str, Any], tensor: Tensor, dims: tuple[int, int]
) -> bool:
    if operation in ("layer_norm", "rms_norm"):
        shape = _argument(args, kwargs, 1, "normalized_shape", ())
        depth = 1 if isinstance(shape, int) else len(shape)
        return any(-depth <= dim for dim in dims)
    dim = _argument(args, kwargs, 2 if operation == "normalize" else 1, "dim", 1)
    return dim is None or (dim if dim < 0 else dim - tensor.dim()) in dims


def _padded(field: ReceptiveField, dims: tuple[int, int], pad: Sequence[int]) -> Sight:
    def before(dim: int) -> int:
        place = 2 * (-dim - 1)
        return int(pad[place]) if place < len(pad) else 0

    def shifted(axis: Axis, count: int) -> Axis:
        return replace(axis, low=axis.low - axis.jump * count, high=axis.high - axis.jump * count)

    return Sight(
        replace(field, y=shifted(field.y, before(dims[0])), x=shifted(field.x, before(dims[1]))), dims
    )


def _resampled(
    field: ReceptiveField,
    dims: tuple[int, int],
    tensor: Tensor,
    output: Tensor,
    mode: str,
    options: Mapping[str, Any],
) -> Sight:
    if dims != (-2, -1) or output.dim() != tensor.dim():
        return BLIND
    scales = None if options.get("recompute_scale_factor") else options.get("scale_factor")
    axes = []
    for axis, dim in ((field.y, -2), (field.x, -1)):
        size_in, size_out = tensor.shape[dim], output.shape[dim]
        if mode == "adaptive" and size_out == 1 and size_in > 1:
            return BLIND
        scale = scales[dim] if isinstance(scales, tuple | list) else scales
        step, before, after = reach(size_in, size_out, mode, scale, options)
        axes.append(axis.spread(1 / step, before, after))
    return Sight(replace(field, y=axes[0], x=axes[1]), dims)


def _reordered(
    operation: str, args: Sequence[Any], kwargs: Mapping[str, Any], tensor: Tensor, sight: Sight
) -> Sight:
    rank = tensor.dim()
    y, x = (dim + rank for dim in sight.dims)
    if operation == "permute":
        order = args[1] if len(args) == 2 and not isinstance(args[1], int) else args[1:] or kwargs["dims"]
        places = [dim % rank for dim in order]
        return replace(sight, dims=(places.index(y) - rank, places.index(x) - rank))
    if operation in ("transpose", "swapaxes"):
        one = int(_argument(args, kwargs, 1, "dim0", 0)) % rank
        two = int(_argument(args, kwargs, 2, "dim1", 1)) % rank
        swap = {one: two, two: one}
        return replace(sight, dims=(swap.get(y, y) - rank, swap.get(x, x) - rank))
    if operation == "unsqueeze":
        dim = int(_argument(args, kwargs, 1, "dim", 0)) % (rank + 1)
        y, x = y + (dim <= y), x + (dim <= x)
        return replace(sight, dims=(y - rank - 1, x - rank - 1))
    return BLIND


def _sliced(field: ReceptiveField, dims: tuple[int, int], tensor: Tensor, index: Any) -> Sight:
    items = list(index) if isinstance(index, tuple) else [index]
    if any(not isinstance(item, int | slice) and item is not Ellipsis for item in items):
        return BLIND
    if Ellipsis in items:
        at = items.index(Ellipsis)
        items[at : at + 1] = [slice(None)] * (tensor.dim() - len(items) + 1)
    items += [slice(None)] * (tensor.dim() - len(items))
    axes = {}
    for axis, dim in ((field.y, dims[0]), (field.x, dims[1])):
        item = items[dim]
        if not isinstance(item, slice):
            return BLIND
        start, _, step = item.indices(tensor.shape[dim])
        offset = axis.jump * start
        axes[dim] = replace(axis, jump=axis.jump * step, low=axis.low + offset, high=axis.high + offset)
    kept = [dim for dim, item in enumerate(items) if isinstance(item, slice)]
    places = tuple(kept.index(dim + tensor.dim()) - len(kept) for dim in dims)
    return Sight(replace(field, y=axes[dims[0]], x=axes[dims[1]]), (places[0], places[1]))


def _reshaped(field: ReceptiveField, dims: tuple[int, int], tensor: Tensor, output: Tensor) -> Sight:
    """Find height and width again by their sizes and by how much lies behind them."""

    def behind(shape: Sequence[int], dim: int) -> int:
        return math.prod(shape[dim:][1:])

    found = []
    for dim in dims:
        want = (tensor.shape[dim], behind(tensor.shape, dim))
        places = [d for d in range(-output.dim(), 0) if (output.shape[d], behind(output.shape, d)) == want]
        if len(places) != 1 and tensor.shape[dim] == 1:
            return BLIND
        if not places:
            return BLIND
        found.append(places[-1])
    return Sight(field, (found[0], found[1]))


def _reduced(
    args: Sequence[Any], kwargs: Mapping[str, Any], tensor: Tensor, sight: Sight, output: Tensor
) -> Sight:
    dim = _argument(args, kwargs, 1, "dim", None)
    if dim is None or isinstance(dim, Tensor):
        return BLIND
    reduced = {d % tensor.dim() for d in (dim if isinstance(dim, list | tuple) else (dim,))}
    y, x = (d + tensor.dim() for d in sight.dims)
    if y in reduced or x in reduced or not reduced:
        return BLIND
    if output.dim() == tensor.dim():
        return sight
    kept = [d for d in range(tensor.dim()) if d not in reduced]
    return replace(sight, dims=(kept.index(y) - len(kept), kept.index(x) - len(kept)))


def _argument(args: Sequence[Any], kwargs: Mapping[str, Any], place: int, name: str, default: Any) -> Any:
    return args[place] if len(args) > place else kwargs.get(name, default)
