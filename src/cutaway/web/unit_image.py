"""The image made to excite a unit, or to silence it: a job, and its result for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cutaway.errors import UnsupportedMethod
from cutaway.recipes.filter_sheet import told_filter
from cutaway.recipes.filters import filters
from cutaway.recipes.made_filters import made_filters
from cutaway.recipes.making import making_of
from cutaway.recipes.origin import network_spelled, spelled
from cutaway.web.desk import Desk
from cutaway.web.layer_table import is_plain
from cutaway.web.maps import packed

__all__ = ["unit_image"]


def unit_image(desk: Desk, settings: Mapping[str, Any]) -> bytes:
    """Make an image for one channel, as `cutaway.filters` does.

    Args:
        desk: networks.
        settings: model, layer, unit, negative, seed.
    """
    network = desk.opened(str(settings["model"])).network
    layer, unit, seed = str(settings["layer"]), int(settings["unit"]), int(settings["seed"])
    negative = bool(settings["negative"])
    trace = network.trace(network.example_inputs())
    if not is_plain(network.find(layer, trace), trace):
        raise UnsupportedMethod(f"{layer} has tokens: images are made for layers (n,c,h,w) and (n,c)")
    making = making_of("fourier")
    (made,), _ = made_filters(
        network, layer, [unit], making, making.size, making.steps, seed, negative=negative
    )
    code = spelled(
        filters, network_spelled(network), repr(layer), channels=[unit], seed=seed, negative=negative
    )
    # As it is drawn: 0..1, where what lies outside is cut.
    values = np.clip(made.image.float().numpy(), 0, 1)
    head = {
        **told_filter(made, None),
        "shape": list(values.shape),
        "low": 0.0,
        "high": 1.0,
        "steps": making.steps,
        "code": f"import cutaway\n\n{code}.show()",
    }
    return packed(head, values)
