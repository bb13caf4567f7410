"""The widget behind `cutaway.widget`: its state lies in Python, and the page follows."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.notebook.unit_data import SORTS, UnitData
from cutaway.recipes.filter_folder import FilterFolder

__all__ = ["unit_browser"]

_HERE = Path(__file__).parent
# Thumbnails of one page.
_PAGE = 48


def unit_browser(
    index: ActivationIndex, layer: str | None, channel: int, folder: FilterFolder | None, sort: str
) -> Any:
    """Make the widget.

    Args:
        index: of the scan.
        layer: shown first; None takes the middle one.
        channel: shown first.
        folder: of filters.
        sort: of the thumbnails.

    Raises:
        BadSetting, UnknownLayer: for what the index has not; also where a trait is set to it.
        ImportError: where anywidget is not installed.
    """
    return _unit_browser()(index, layer, channel, folder, sort)


@cache
def _unit_browser() -> Any:
    """The class of the widget, made when it is wanted: anywidget is an extra."""
    import anywidget
    import traitlets

    class UnitBrowser(anywidget.AnyWidget):  # type: ignore[misc]
        """Units of a scan, to browse."""

        _esm = _HERE / "browser.js"
        _css = _HERE / "browser.css"

        layer = traitlets.Unicode().tag(sync=True)
        channel = traitlets.Int(0).tag(sync=True)
        sort = traitlets.Unicode("channel").tag(sync=True)
        page = traitlets.Int(0).tag(sync=True)
        # What the page shows of them.
        title = traitlets.Unicode().tag(sync=True)
        layers = traitlets.List().tag(sync=True)
        channels = traitlets.Int(0).tag(sync=True)
        pages = traitlets.Int(1).tag(sync=True)
        thumbs = traitlets.List().tag(sync=True)
        patches = traitlets.List().tag(sync=True)
        image = traitlets.Dict().tag(sync=True)
        facts = traitlets.Unicode().tag(sync=True)

        def __init__(
            self,
            index: ActivationIndex,
            layer: str | None,
            channel: int,
            folder: FilterFolder | None,
            sort: str,
        ) -> None:
            self._data = UnitData(index, folder)
            self._ready = False
            first = index.layer(layer) if layer is not None else index.layers[len(index.layers) // 2]
            super().__init__()
            self.title = f"{index.network}, {int(index.present.sum()):,} photos"
            self.layers = self._data.layers()
            self.layer, self.sort = first, _checked_sort(sort)
            self.channel = self._checked_channel(channel)
            self._ready = True
            self.observe(self._changed, names=["layer", "channel", "sort", "page"])
            self._turn_to_channel()
            self._show_thumbs()
            self._show_unit()

        @property
        def unit(self) -> str:
            """The unit that is shown, as `unit_page` and others take it: "fire5.cat:40"."""
            return f"{self.layer}:{self.channel}"

        @traitlets.validate("layer")  # type: ignore[untyped-decorator]
        def _valid_layer(self, proposal: Any) -> str:
            return self._data.index.layer(proposal["value"])

        @traitlets.validate("channel")  # type: ignore[untyped-decorator]
        def _valid_channel(self, proposal: Any) -> int:
            return self._checked_channel(proposal["value"]) if self._ready else int(proposal["value"])

        @traitlets.validate("sort")  # type: ignore[untyped-decorator]
        def _valid_sort(self, proposal: Any) -> str:
            return _checked_sort(proposal["value"])

        @traitlets.validate("page")  # type: ignore[untyped-decorator]
        def _valid_page(self, proposal: Any) -> int:
            return (
                max(0, min(int(proposal["value"]), self.pages - 1)) if self._ready else int(proposal["value"])
            )

        def _checked_channel(self, channel: int) -> int:
            count = self._data.index.channels(self.layer)
            if not 0 <= channel < count:
                raise BadSetting(f"{self.layer} has channels 0 to {count - 1}, got {channel}")
            return int(channel)

        def _changed(self, change: Any) -> None:
            name = change["name"]
            if name == "layer" and self.channel >= self._data.index.channels(self.layer):
                self.channel = 0  # which shows it
            if name in ("layer", "sort"):
                self._turn_to_channel()
            if name in ("layer", "sort", "page"):
                self._show_thumbs()
            if name in ("layer", "channel"):
                self._show_unit()

        def _turn_to_channel(self) -> None:
            """Turn to the page of thumbnails on which the channel is."""
            self._order = self._data.order(self.layer, self.sort)
            self.channels, self.pages = len(self._order), -(-len(self._order) // _PAGE)
            self.page = self._order.index(self.channel) // _PAGE

        def _show_thumbs(self) -> None:
            start = self.page * _PAGE
            self.thumbs = self._data.thumbs(self.layer, self._order[start : start + _PAGE])

        def _show_unit(self) -> None:
            self.patches = self._data.patches(self.layer, self.channel)
            self.image = self._data.image(self.layer, self.channel)
            self.facts = self._data.facts(self.layer, self.channel)

    return UnitBrowser


def _checked_sort(sort: str) -> str:
    if sort not in SORTS:
        raise BadSetting(f"sort must be one of {', '.join(SORTS)}, got {sort!r}")
    return sort
