"""The user's network, frozen, with its preprocessing, its classes and its layers."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, SupportsIndex

import torch
from torch import Tensor, nn

from cutaway.errors import BadSetting, UnknownClass, UnknownLayer, closest
from cutaway.images.read import Source, read_all
from cutaway.network.inputs import Inputs, changed, input_tensors, signature
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.layer import Layer
from cutaway.network.place import Images, Place
from cutaway.network.preprocessing import Preprocessing
from cutaway.network.record import record
from cutaway.network.sound import check_weights
from cutaway.network.trace import Call, Trace
from cutaway.network.undisturbed import check_openable

__all__ = ["INPUT", "OUTPUT", "Network"]

_KEPT_TRACES = 32
INPUT = "@input"
OUTPUT = "@output"


@dataclass(frozen=True, eq=False)
class Network:
    """A network to look into: the user's module, and what is known about it. The module is never changed.

    Args:
        module: any eager `torch.nn.Module`.
        preprocessing: how a photo becomes its images; needed only where photos are given.
        classes: names of the outputs, in their order.
        name: shown in captions and errors.
        renames: module path → friendlier path ("features.9" → "fire6"); both work.
        aliases: further layer names that people know → layer name.
        example: inputs to tell shapes for, where one image of `preprocessing.size` does not fit.
        channels_last: prepare images in the memory format in which a CPU convolves fastest (half the time for
            SqueezeNet). Off by default: a module that calls `view` on its maps needs the usual one.

    Raises:
        UnsupportedNetwork: for compiled, scripted or parallel wrappers.

    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=8), name="tiny")
    >>> [layer.name for layer in net.layers]
    ['0', '1']
    >>> net.layer("2")
    Traceback (most recent call last):
    cutaway.errors.UnknownLayer: tiny has no layer '2'. It has: 0, 1
    """

    module: nn.Module
    preprocessing: Preprocessing | None = None
    classes: Sequence[str] | None = None
    name: str = ""
    renames: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    example: Inputs | None = None
    channels_last: bool = False
    _traces: dict[object, Trace] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        check_openable(self.module)
        if not self.name:
            object.__setattr__(self, "name", type(self.module).__name__)
        if isinstance(self.classes, str):
            raise BadSetting(
                f"classes takes a list with a name for each output, got the text {self.classes!r}"
            )
        if self.classes is not None:
            object.__setattr__(self, "classes", tuple(self.classes))

    def __repr__(self) -> str:
        classes = f", {len(self.classes)} classes" if self.classes else ""
        return f"Network({self.name}{classes})"

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Everything that can be looked at, in the order of execution, for an image of the preprocessing's size."""
        return self.layers_for(self.example_inputs())

    def layers_for(self, images: Inputs) -> tuple[Layer, ...]:
        """List the layers as they are for these images: shapes, costs and fields follow the size."""
        trace = self.trace(images)
        return tuple(Layer.of(call, _size(trace)) for call in trace.calls)

    def layer(self, name: str, images: Inputs | None = None) -> Layer:
        """Give one layer by any of its names.

        Raises:
            UnknownLayer: with the closest names.
        """
        trace = self.trace(self.example_inputs() if images is None else images)
        return Layer.of(self.find(name, trace), _size(trace))

    def prepare(self, photos: Source | Iterable[Source]) -> Images:
        """Turn a photo, or several of one size, into images (n,c,h,w) that remember their place in the photo.

        The images are on the network's device and in its precision.

        Raises:
            BadSetting: where the network has no preprocessing, or the images differ in size.
        """
        settings = known_preprocessing(self.preprocessing, self.name)
        images = [settings.prepare(photo) for photo in read_all(photos)]
        sizes = {tuple(image.shape[-2:]) for image in images}
        if len(sizes) != 1:
            raise BadSetting(
                f"photos of different shapes give images of different sizes {sorted(sizes)}: "
                "prepare them one by one, or with Preprocessing(fit='crop')"
            )
        places: list[Place] = [place for image in images for place in image.places]
        stacked = torch.cat([image.as_subclass(Tensor) for image in images]).to(self.device, self.dtype)
        if self.channels_last:
            stacked = stacked.contiguous(memory_format=torch.channels_last)
        return Images.of(stacked, places)

    def at(self, size: int | tuple[int, int] | Literal["photo"] | None) -> Network:
        """Give the same network for photos prepared at another size; None changes nothing.

        Args:
            size: an int for the shortest side, (h, w) exactly, "photo" for the photo's own.

        >>> Network(nn.Identity(), Preprocessing(size=224)).at(320).preprocessing.size
        320
        """
        if size is None or self.preprocessing is None:
            return self
        return replace(self, preprocessing=self.preprocessing.at(size))

    def ready(self, images: Inputs) -> Inputs:
        """Bring inputs to the network's device and precision, as tensors of their own that may be written to."""

        def one(tensor: Tensor) -> Tensor:
            plain = tensor.detach().as_subclass(Tensor)
            dtype = self.dtype if plain.is_floating_point() else plain.dtype
            moved = plain.to(self.device, dtype)
            return moved.clone() if moved is plain or moved.data_ptr() == plain.data_ptr() else moved

        input_tensors(images)
        return changed(images, one)

    def example_inputs(self) -> Inputs:
        """Give inputs of a typical size, for telling shapes: `example`, or one gray image."""
        if self.example is not None:
            return self.example
        settings = self.preprocessing or Preprocessing()
        h, w = settings.example_size()
        return torch.zeros(1, len(settings.mean), h, w)

    def trace(self, images: Inputs) -> Trace:
        """Give the calls of a forward pass on images of this size; made once for each size.

        Raises:
            NonFinite: where a weight is NaN or infinite.
        """
        first = input_tensors(images)[0]
        # A module that was put in place of another is another network.
        shapes = (signature(images), tuple(map(id, self.module.modules())))
        if shapes not in self._traces:
            check_weights(self.module, self.name)
            one = changed(self.ready(images), lambda t: t[:1] if t.dim() and len(t) == len(first) else t)
            if len(self._traces) >= _KEPT_TRACES:
                # A folder of photos has many sizes; a trace is some hundred kB.
                del self._traces[next(iter(self._traces))]
            self._traces[shapes] = record(self.module, one, self._rename)
        return self._traces[shapes]

    def find(self, name: str, trace: Trace) -> Call:
        """Find a call of a trace by any name: as shown, as in the module, a container's, an alias.

        Raises:
            UnknownLayer: with the closest names.
        """
        if not isinstance(name, str):
            raise UnknownLayer(
                f"a layer is asked for by its name, a str, got {type(name).__name__}. See network.layers"
            )
        index = self._lookup(trace).get(self.aliases.get(name, name))
        if index is None:
            index = self._lookup(trace).get(self._rename(name))
        if index is None:
            raise UnknownLayer(self._unknown(name, trace))
        return trace.calls[index]

    def class_index(self, wanted: SupportsIndex | str) -> int:
        """Give the index of a class by index or name ("espresso"; a unique part of the name will do).

        Raises:
            UnknownClass: with the closest names.
        """
        classes = self.classes or ()
        if not isinstance(wanted, str) or (wanted not in classes and re.fullmatch("-?[0-9]+", wanted)):
            index = int(wanted) if isinstance(wanted, str) else operator.index(wanted)
            count = len(classes) or self.class_count
            if count is not None and not 0 <= index < count:
                raise UnknownClass(f"{self.name} has classes 0 to {count - 1}, got {index}")
            return index
        if not classes:
            raise UnknownClass(
                f"{self.name} has no class names, got {wanted!r}: give an index, or Network(classes=[…])"
            )
        plain = [c.lower() for c in classes]
        exact = [i for i, c in enumerate(plain) if c == wanted.lower()]
        partial = exact or [i for i, c in enumerate(plain) if wanted.lower() in c]
        if len(partial) == 1 or exact:
            return partial[0]
        near = [classes[i] for i in partial[:5]] or closest(wanted, classes, 5)
        what = "fits several classes" if partial else "is not a class"
        raise UnknownClass(f"{wanted!r} {what} of {self.name}. Closest: {', '.join(near)}")

    def class_name(self, index: int) -> str:
        """Give a class's name, or "class 7" where the network has no names."""
        if self.classes is not None and 0 <= index < len(self.classes):
            return self.classes[index]
        return f"class {index}"

    @cached_property
    def class_count(self) -> int | None:
        """How many classes the output has, or None where it is not one vector."""
        if self.classes:
            return len(self.classes)
        trace = self.trace(self.example_inputs())
        shapes = [trace.calls[index].shape for _, index in trace.outputs if index >= 0]
        return shapes[0][1] if len(shapes) == 1 and len(shapes[0]) == 2 else None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        tensor = next(self.module.parameters(), None)
        return tensor.device if tensor is not None else torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        """The weights' precision."""
        floats = (p.dtype for p in self.module.parameters() if p.is_floating_point())
        return next(floats, torch.float32)

    def _rename(self, path: str) -> str:
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            friendly = self.renames.get(".".join(parts[:end]))
            if friendly is not None:
                return ".".join([friendly, *parts[end:]])
        # A use (":2") belongs to the last part of the name.
        if ":" in parts[-1]:
            stem, _, use = path.rpartition(":")
            return f"{self._rename(stem)}:{use}"
        return path

    def _lookup(self, trace: Trace) -> dict[str, int]:
        if not trace.names:
            trace.names.update(self._names(trace))
        return trace.names

    def _names(self, trace: Trace) -> dict[str, int]:
        names: dict[str, int] = {}
        for path, index in trace.containers.items():
            if index >= 0 and path:
                names[self._rename(path)] = index
        names |= {call.name: call.index for call in trace.calls}
        for path, other in self._second_paths.items():
            if path in names:
                names.setdefault(other, names[path])
        return names

    @cached_property
    def _second_paths(self) -> dict[str, str]:
        """Further paths of modules that are registered twice."""
        first = {id(child): path for path, child in self.module.named_modules()}
        every = self.module.named_modules(remove_duplicate=False)
        return {self._rename(first[id(child)]): path for path, child in every if first[id(child)] != path}

    def _unknown(self, name: str, trace: Trace) -> str:
        known = [call.name for call in trace.calls]
        near = closest(name, [*known, *trace.containers, *self.aliases]) if name else []
        command = f"cutaway layers --model {self.name}" if self.aliases else "network.layers"
        if near:
            return f"{self.name} has no layer {name!r}. Closest: {', '.join(near)}. See all: {command}"
        shown = ", ".join(known[:6]) + (", …" if len(known) > 6 else "")
        return f"{self.name} has no layer {name!r}. It has: {shown}" + (
            f". See all: {command}" if len(known) > 6 else ""
        )


def _size(trace: Trace) -> tuple[int, int]:
    shape = trace.input_shapes[0]
    return (shape[-2], shape[-1]) if len(shape) >= 3 else (1, 1)
