"""Units of a scan, to browse in a notebook."""

from __future__ import annotations

import os
from typing import Any

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.notebook.browser import unit_browser
from cutaway.recipes.filter_folder import FilterFolder
from cutaway.recipes.kept_filters import foldered
from cutaway.recipes.patches import indexed

__all__ = ["widget"]


def widget(
    index: ActivationIndex | str | os.PathLike[str],
    layer: str | None = None,
    channel: int = 0,
    *,
    filters: FilterFolder | str | os.PathLike[str] | None = None,
    sort: str = "channel",
) -> Any:
    """Browse the units of a scan in Jupyter: layers, channels as thumbnails, and the patches that excite each most.

    What is chosen is kept in Python: `.layer`, `.channel`, `.sort`, and `.unit` ("fire5.cat:40") for `unit_page` and
    others. They may be set, and the view follows.

    Args:
        index: that `scan` made, or its folder.
        layer: shown first; None takes the middle one.
        channel: shown first, 0-based.
        filters: a folder that `filters_into` made, or its path: the image that excites the channel most is shown, too.
        sort: of the thumbnails: "channel" by number, "strongest" by the largest activation, "rarest" by the fewest
            photos in which it fires.

    Returns:
        A widget; as the last line of a cell it shows itself.

    Raises:
        BadIndex, BadSetting, UnknownLayer: with what to do instead.

    >>> widget("nowhere")
    Traceback (most recent call last):
    cutaway.errors.BadIndex: nowhere is no index...
    """
    opened = indexed(index)
    folder = None if filters is None else foldered(filters)
    try:
        return unit_browser(opened, layer, channel, folder, sort)
    except ImportError as error:
        raise BadSetting('the widget needs anywidget: pip install "cutaway[notebook]"') from error
