"""The filter that made a channel, drawn, with the inputs that it weighs most."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from cutaway.network.made_by import Maker, made_by
from cutaway.network.network import Network
from cutaway.recipes.weights import weights
from cutaway.view.montage import Montage
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["ChannelFilter"]

_MOST, _COLUMNS, _TILE, _SIDE = 16, 8, 60, 192
_NAMED = 3


@dataclass(frozen=True)
class ChannelFilter:
    """The filter that made a channel of a layer, where a single one did.

    Args:
        network: of the layer.
        layer: its name.
        channel: 0-based.
    """

    network: Network = field(repr=False)
    layer: str
    channel: int

    @property
    def maker(self) -> Maker:
        """Which convolution's filter it is, or why there is none."""
        trace = self.network.trace(self.network.example_inputs())
        return made_by(trace, self.network.find(self.layer, trace), self.channel)

    def values(self) -> Float[np.ndarray, "c h w"] | None:
        """Its weights; None where no single filter made the channel."""
        call, channel, _ = self.maker
        if call is None:
            return None
        for name in call.weights:
            weight = self.network.module.get_parameter(name)
            if weight.dim() == 4:
                found: np.ndarray = weight[channel].detach().float().cpu().numpy()
                return found
        return None

    def inputs(self) -> list[tuple[int, float]]:
        """The channels that it reads and the length of its weights for each, the longest first."""
        values = self.values()
        if values is None:
            return []
        lengths = np.linalg.norm(values.reshape(len(values), -1), axis=1)
        first = self._first_input(len(values))
        return [(first + int(k), float(lengths[k])) for k in np.argsort(-lengths, kind="stable")]

    def cosine(self, other: ChannelFilter) -> float | None:
        """Tell how alike two filters are; None where they do not read the same channels."""
        mine, theirs = self.maker, other.maker
        if mine.call is None or theirs.call is None or mine.call.index != theirs.call.index:
            return None
        a, b = self.values(), other.values()
        if a is None or b is None or self._first_input(len(a)) != other._first_input(len(b)):
            return None
        lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
        return float((a * b).sum()) / lengths if lengths else None

    def drawn(self) -> Viewable | None:
        """Draw it: in colour where it reads the photo, else a gray tile for each of the inputs it weighs most."""
        call, channel, words = self.maker
        values = self.values()
        if call is None or values is None:
            return None
        first, shape = self._first_input(len(values)), " × ".join(map(str, values.shape))
        if len(values) in (1, 3):
            cell = weights(self.network, call.name, channels=[channel]).rows[0][0]
            assert isinstance(cell, Picture)
            enlarged = cell.pixels.repeat(_SIDE // max(cell.size), 0).repeat(_SIDE // max(cell.size), 1)
            reads = "as the colours that it answers to" if len(values) == 3 else f"of input {first}"
            return replace(cell, pixels=enlarged, caption=f"{words}\n{shape}, {reads}; cell scale")
        several = self.inputs()
        chosen = [k - first for k, _ in several[:_MOST]]
        cell = weights(self.network, call.name, channels=[channel], inputs=chosen).rows[0][0]
        assert isinstance(cell, Montage)
        named = ", ".join(f"{k} ({length:.2g})" for k, length in several[:_NAMED])
        sheet = replace(
            cell,
            labels=tuple(f"{k}" for k, _ in several[:_MOST]),
            columns=_COLUMNS,
            size=(_TILE, _TILE),
            gap=6,
        )
        of = f"the {len(chosen)} strongest of its inputs" if len(several) > _MOST else "its inputs"
        caption = (
            f"{words}\n{shape}; white excites, black inhibits, {sheet.range}. Shown: {of}, from {self._source()}; "
            f"most weight on {named}"
        )
        return Picture(np.asarray(sheet.tile()), caption, raw=sheet.values)

    def told(self) -> dict[str, object]:
        """Write it for a machine."""
        call, channel, words = self.maker
        if call is None:
            return {"made_by": words, "layer": None, "filter": None, "inputs": []}
        inputs = [{"channel": k, "weight": length} for k, length in self.inputs()[:_MOST]]
        return {
            "made_by": words,
            "layer": call.name,
            "filter": channel,
            "reads": self._source(),
            "inputs": inputs,
        }

    def _source(self) -> str:
        """The name of what the filter reads."""
        trace = self.network.trace(self.network.example_inputs())
        call = self.maker.call
        parent = call.parents[0] if call is not None else -1
        return trace.calls[parent].name if parent >= 0 else "the photo"

    def _first_input(self, count: int) -> int:
        """The first channel that the filter reads; a grouped convolution's filters read a part each."""
        call, channel, _ = self.maker
        assert call is not None
        trace = self.network.trace(self.network.example_inputs())
        read = trace.calls[call.parents[0]].shape[1] if call.parents[0] >= 0 else count
        groups = max(1, read // count)
        return channel // max(1, call.shape[1] // groups) * count
