"""The sections of a data set's report: its photos, their map, what labels are told by, which channels fire for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.network.network import Network
from cutaway.recipes.audit import FEWEST, audit
from cutaway.recipes.embed import MOST_ON_MAP, embed
from cutaway.recipes.network_report import few_of, strongest_patches
from cutaway.recipes.purity import purity
from cutaway.recipes.report_parts import Part
from cutaway.view.scatter import scatter
from cutaway.view.section import Section
from cutaway.view.shares import Shares
from cutaway.view.table import Table
from cutaway.view.viewable import Viewable

__all__ = ["DataReport"]

_LABELS, _ROWS, _SKIPPED = 16, 16, 20
# Beyond these a report would take hours: photos brought to a plane by t-SNE, and photos audited in all.
_MOST_TSNE, _AUDITED = 20_000, 4_000


class DataReport:
    """What is told of the photos of a scan.

    Args:
        index: of the scan.
        network: of the scan, where its name does not open it.
        layers: whose channels are shown; None takes a few, early to late.
        seed: of what is drawn by lot.
    """

    def __init__(
        self,
        index: ActivationIndex,
        network: Network | None = None,
        layers: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        self._index, self._network, self._layers, self._seed = index, network, layers, seed

    def parts(self) -> list[Part]:
        """Name the sections."""
        return [
            Part("photos", "The photos", self._photos),
            Part("map", "All photos in one plane", self._map),
            Part("audit", "What labels are told by", self._audit),
            Part("purity", "Which labels channels fire for", self._purity),
            Part("patches", "What excites the channels", self._patches),
        ]

    def lead(self) -> str:
        """Say in a sentence what they are."""
        index = self._index
        count, labels = int(index.present.sum()), {label for label in index.labels if label is not None}
        of = f" of {len(labels)} labels" if labels else ""
        return f"{count:,} photos{of}, read by {index.network}."

    def _photos(self) -> Section:
        index = self._index
        held = Counter(
            label for label, there in zip(index.labels, index.present, strict=True) if there and label
        )
        h, w = index.image_size
        facts = [
            ("folder", str(index.root)),
            ("photos", f"{int(index.present.sum()):,} read, {len(index.skipped)} skipped"),
            ("labels", f"{len(held)}" if held else "none"),
            ("network", f"{index.network}, weights {index.weights}"),
            ("seen as", f"{w} × {h} pixels"),
            ("layers kept", f"{len(index.layers)}, with the {index.kept} strongest photos of each channel"),
        ]
        results: list[Viewable] = []
        if held:
            shown = held.most_common(_LABELS)
            more = len(held) - len(shown)
            caption = (
                f"Photos of each label; {more} more labels have fewer." if more else "Photos of each label."
            )
            results.append(Shares(dict(shown), tuple(f"{count:,}" for _, count in shown), caption=caption))
        if index.skipped:
            rows = tuple((Path(path).name, reason) for path, reason in index.skipped[:_SKIPPED])
            left = len(index.skipped) - len(rows)
            notes = (f"{left:,} more are not shown.",) if left else ()
            results.append(Table(("skipped", "why"), rows, notes=notes))
        return Section("photos", "The photos", facts=tuple(facts), results=tuple(results))

    def _map(self) -> Section:
        method = "tsne" if 3 < int(self._index.present.sum()) <= _MOST_TSNE else "pca"
        try:
            found = embed(self._index, method, seed=self._seed)
        except BadSetting:  # too few photos, or t-SNE is not installed
            found = embed(self._index, "pca", seed=self._seed)
        lead = f"Near each other where the network finds them alike. {found.caption}"
        plane = scatter(found.points, found.labels)
        results: list[Viewable] = [replace(plane, caption="", provenance=found.provenance)]
        if len(found.photos) <= MOST_ON_MAP:
            try:
                laid = found.photo_map(tile=_tile(len(found.photos)))
                results.append(
                    replace(laid, caption="The photos themselves, each as near to its point as all can be.")
                )
            except BadSetting as error:
                lead += f" The photos themselves are not laid out: {error}."
        return Section("map", "All photos in one plane", lead, results=tuple(results))

    def _audit(self) -> Section:
        labels = len({label for label in self._index.labels if label is not None})
        most = max(FEWEST, min(100, _AUDITED // max(1, labels)))
        found = audit(self._index, network=self._network, most=most, seed=self._seed)
        pages = tuple(page.with_provenance(code=found.code()) for page in found.report.pages)
        return Section("audit", "What labels are told by", f"{found.title}.", results=pages)

    def _purity(self) -> Section:
        features = str(self._index.manifest["features"])
        layer = features if not self._layers and features in self._index.layers else self._shown()[-1]
        found = purity(self._index, layer, network=self._network, seed=self._seed)
        purest: dict[object, tuple[object, ...]] = {}
        for row in found.rows:
            purest.setdefault(row[1], row)
        rows = tuple(row for label, row in purest.items() if label)[:_ROWS]
        lead = f"The purest channel of {layer} for each label that any of its {len(found)} fires for."
        table = replace(found, title="", rows=rows)
        return Section("purity", "Which labels channels fire for", lead, results=(table,))

    def _patches(self) -> Section:
        return strongest_patches(self._index, self._shown(), "What excites the channels")

    def _shown(self) -> list[str]:
        return [self._index.layer(name) for name in self._layers] if self._layers else few_of(self._index)


def _tile(count: int) -> int:
    """The side of a photo on the map: together they fill the page."""
    return int(min(96, max(32, 1100 // np.ceil(np.sqrt(count)))))
