"""The sections of a network's report: what it is, what is wrong with it, what it has learnt, its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import CutawayError, UnsupportedNetwork
from cutaway.network.fingerprint import fingerprint
from cutaway.network.main_layers import few_layers
from cutaway.network.network import Network
from cutaway.network.progress import portion
from cutaway.network.zoo.registry import ENTRIES
from cutaway.recipes.check import check
from cutaway.recipes.filter_folder import FilterFolder
from cutaway.recipes.filters import filters
from cutaway.recipes.layers import layers
from cutaway.recipes.patches import patches
from cutaway.recipes.report_parts import Part
from cutaway.recipes.weights import weights
from cutaway.view.grid import Grid
from cutaway.view.section import Section
from cutaway.view.viewable import Viewable

__all__ = ["NetworkReport", "strongest_patches"]

_LAYERS, _FILTERS, _PATCHED, _ACROSS = 4, 8, 6, 16
# Multiply-adds of an image, from which on images are made of half as many channels.
_LONG = 2e9


class NetworkReport:
    """What is told of a network.

    Args:
        network: the network.
        index: of a scan with it; then strongest patches are shown, and channels that no photo excites.
        layers: whose filters and patches are shown; None takes a few, early to late.
        made: a folder of filters, to take the images from.
        seed: of images that are made.

    >>> from torch import nn
    >>> [part.name for part in NetworkReport(Network(nn.ReLU())).parts()]
    ['network', 'findings', 'kernels', 'filters', 'layers']
    """

    def __init__(
        self,
        network: Network,
        index: ActivationIndex | None = None,
        layers: Sequence[str] | None = None,
        made: FilterFolder | None = None,
        seed: int = 0,
    ) -> None:
        self._network, self._index, self._layers = network, index, layers
        self._folder, self._seed = made, seed

    def parts(self) -> list[Part]:
        """Name the sections."""
        found = [
            Part("network", "The network", self._facts),
            Part("findings", "What is wrong with it", self._findings),
            Part("kernels", "The first layer's kernels", self._kernels),
            Part("filters", "What would excite its channels", self._filters),
        ]
        if self._index is not None:
            found.append(Part("patches", "What excites its channels", self._patches))
        return [*found, Part("layers", "All layers", self._table)]

    def lead(self) -> str:
        """Say in a sentence what it is."""
        entry = ENTRIES.get(self._network.name)
        return f"{entry.about[0].upper()}{entry.about[1:].rstrip('.')}." if entry else ""

    def _facts(self) -> Section:
        net, rows = self._network, self._network.layers
        parameters, macs = sum(row.parameters for row in rows), sum(row.macs for row in rows)
        convolutions = sum(row.kind.startswith("conv") for row in rows)
        facts = [
            ("parameters", f"{parameters:,}"),
            ("multiply-adds", f"{macs:,} for an image"),
            ("layers", f"{len(rows)}, {convolutions} of them convolutions"),
            ("weights", fingerprint(net.module)),
        ]
        if (settings := net.preprocessing) is not None:
            mean, std = (", ".join(f"{v:g}" for v in several) for several in (settings.mean, settings.std))
            facts.append(
                ("input", f"{_told(settings.size)} pixels, {settings.fit}, mean {mean}, deviation {std}")
            )
        if net.class_count is not None:
            some = f": {', '.join(net.classes[:4])}, …" if net.classes else ""
            facts.append(("classes", f"{net.class_count}{some}"))
        if (entry := ENTRIES.get(net.name)) is not None:
            facts.append(("licence", entry.licence))
        return Section("network", "The network", facts=tuple(facts))

    def _findings(self) -> Section:
        found = check(self._network, self._index)
        count = len(found.rows)
        lead = f"{count} finding{'s' if count != 1 else ''} among its filters and channels." if count else ""
        return Section("findings", "What is wrong with it", lead, results=(replace(found, title=""),))

    def _kernels(self) -> Section:
        sheet = weights(self._network)
        cells = [cell for row in sheet.rows for cell in row]
        rows = tuple(tuple(cells[at : at + _ACROSS]) for at in range(0, len(cells), _ACROSS))
        drawn = replace(sheet, rows=rows, title=sheet.title.partition(" · ")[2])
        return Section("kernels", "The first layer's kernels", results=(drawn,))

    def _filters(self) -> Section:
        names = self._shown()
        sheets: list[Viewable] = []
        refused: list[CutawayError] = []
        for done, name in enumerate(names):
            try:
                with portion(done, done + 1, len(names)):
                    sheet = self._excited(name)
            except CutawayError as error:  # a transformer's tokens, say; another layer may be fit for it
                refused.append(error)
                continue
            sheets.append(replace(sheet, title=name, caption="" if sheets else sheet.caption))
            if sheet.provenance["stopped"]:
                break
        if not sheets:
            raise refused[0]
        shown = ", ".join(sheet.title for sheet in sheets if isinstance(sheet, Grid))
        lead = f"Of {shown} the first channels, at most {self._count()}: the image that excites each most."
        return Section("filters", "What would excite its channels", lead, results=tuple(sheets))

    def _excited(self, name: str) -> Grid:
        """Make the images of a layer's first channels, at the network's own size where it takes no other."""
        if self._folder is not None:
            there = self._folder.channels(name)[: self._count()]
            made = filters(self._network, name, channels=there, made=self._folder)
        else:
            first = range(min(self._count(), self._network.layer(name).shape[1]))
            try:
                made = filters(self._network, name, channels=first, seed=self._seed)
            except UnsupportedNetwork:
                size = self._network.preprocessing.size if self._network.preprocessing else None
                if size is None:
                    raise
                made = filters(self._network, name, channels=first, size=size, seed=self._seed)
        assert isinstance(made, Grid)
        return made

    def _count(self) -> int:
        """How many images of a layer: half as many where each takes long."""
        long = self._folder is None and sum(row.macs for row in self._network.layers) > _LONG
        return _FILTERS // 2 if long else _FILTERS

    def _patches(self) -> Section:
        assert self._index is not None
        names = [name for name in self._shown() if name in self._index.layers] or few_of(self._index)
        return strongest_patches(self._index, names, "What excites its channels")

    def _table(self) -> Section:
        found = layers(self._network)
        lead = found.title.partition(": ")[2]
        return Section("layers", "All layers", f"{lead}.", results=(replace(found, title=""),))

    def _shown(self) -> list[str]:
        return list(self._layers) if self._layers else few_layers(self._network, _LAYERS)


def _told(size: object) -> str:
    return " × ".join(map(str, size)) if isinstance(size, tuple) else str(size)


def strongest_patches(index: ActivationIndex, layers: Sequence[str], title: str) -> Section:
    """Show the strongest patches of a few channels of layers.

    Args:
        index: of the photos.
        layers: by any of their names.
        title: the heading.
    """
    sheets: list[Viewable] = []
    for layer in layers:
        count = index.channels(layer)
        channels = [round(k * (count - 1) / max(1, _PATCHED - 1)) for k in range(min(count, _PATCHED))]
        sheet = patches(index, layer, list(dict.fromkeys(channels)))
        caption = sheet.caption if layer == layers[-1] else ""
        titles = tuple(f"channel {name}" for name in sheet.row_titles)
        sheets.append(replace(sheet, title=layer, caption=caption, row_titles=titles))
    lead = f"{_PATCHED} channels, evenly spaced, of each of {', '.join(layers)}; all: cutaway patches LAYER."
    return Section("patches", title, lead, results=tuple(sheets))


def few_of(index: ActivationIndex) -> list[str]:
    """Give a few of the layers with places that an index kept, from the first to the last."""
    names = [name for name in index.layers if index.map_size(name) is not None] or list(index.layers)
    count = min(_LAYERS, len(names))
    return list(dict.fromkeys(names[round(k * (len(names) - 1) / max(1, count - 1))] for k in range(count)))
