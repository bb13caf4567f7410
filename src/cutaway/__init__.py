"""cutaway opens vision networks: what each layer computes, and why a photo got its answer.

    >>> import cutaway as cw
    >>> "explain" in dir(cw)
    True

This module is the front door. It imports nothing until a name is asked for (PEP 562), so that
`import cutaway` and `cutaway --help` cost almost nothing. A new public name is added in three places,
which a test keeps equal: the imports, which type checkers and editors read; the table in `homes.py`, which is
what runs; and `__all__`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cutaway.homes import HOMES

if TYPE_CHECKING:
    from cutaway import attribution as attribution
    from cutaway import synthesis as synthesis
    from cutaway.dataset.activation_index import open_index as open_index
    from cutaway.errors import BadImage as BadImage
    from cutaway.errors import BadIndex as BadIndex
    from cutaway.errors import BadSetting as BadSetting
    from cutaway.errors import CutawayError as CutawayError
    from cutaway.errors import NonFinite as NonFinite
    from cutaway.errors import OutOfMemory as OutOfMemory
    from cutaway.errors import OutOfSpace as OutOfSpace
    from cutaway.errors import UnknownClass as UnknownClass
    from cutaway.errors import UnknownLayer as UnknownLayer
    from cutaway.errors import UnknownModel as UnknownModel
    from cutaway.errors import UnsupportedMethod as UnsupportedMethod
    from cutaway.errors import UnsupportedNetwork as UnsupportedNetwork
    from cutaway.errors import WeightsUnavailable as WeightsUnavailable
    from cutaway.errors import WorkerLost as WorkerLost
    from cutaway.faststyle.onnx import write_onnx as write_onnx
    from cutaway.faststyle.stylizer import Stylizer as Stylizer
    from cutaway.images.read import read as read
    from cutaway.network.capture import capture as capture
    from cutaway.network.load import load as load
    from cutaway.network.memory import keep_freed as keep_freed
    from cutaway.network.memory import memory as memory
    from cutaway.network.network import Network as Network
    from cutaway.network.preprocessing import Preprocessing as Preprocessing
    from cutaway.network.progress import watched as watched
    from cutaway.notebook.widget import widget as widget
    from cutaway.objectives.alpha_norm import alpha_norm as alpha_norm
    from cutaway.objectives.best_match import best_match as best_match
    from cutaway.objectives.channel import channel as channel
    from cutaway.objectives.class_logit import class_logit as class_logit
    from cutaway.objectives.class_logit import class_probability as class_probability
    from cutaway.objectives.contrast import contrast as contrast
    from cutaway.objectives.direction import direction as direction
    from cutaway.objectives.diversity import diversity as diversity
    from cutaway.objectives.gram import gram as gram
    from cutaway.objectives.gram import gram_matrix as gram_matrix
    from cutaway.objectives.match import match as match
    from cutaway.objectives.mean_square import mean_square as mean_square
    from cutaway.objectives.objective import Objective as Objective
    from cutaway.objectives.objective import each as each
    from cutaway.objectives.output_value import output_value as output_value
    from cutaway.objectives.region import region as region
    from cutaway.objectives.similarity import similarity as similarity
    from cutaway.objectives.target import as_objective as as_objective
    from cutaway.objectives.total_variation import total_variation as total_variation
    from cutaway.objectives.unit import unit as unit
    from cutaway.recipes.activations import activations as activations
    from cutaway.recipes.audit import audit as audit
    from cutaway.recipes.check import check as check
    from cutaway.recipes.class_image import class_image as class_image
    from cutaway.recipes.compare import compare as compare
    from cutaway.recipes.correspondence import correspondence as correspondence
    from cutaway.recipes.deconv import deconv as deconv
    from cutaway.recipes.deconv_sheet import deconv_sheet as deconv_sheet
    from cutaway.recipes.dream import dream as dream
    from cutaway.recipes.embed import embed as embed
    from cutaway.recipes.explain import explain as explain
    from cutaway.recipes.facets import facets as facets
    from cutaway.recipes.filter_folder import open_filters as open_filters
    from cutaway.recipes.filters import filters as filters
    from cutaway.recipes.filters_into import filters_into as filters_into
    from cutaway.recipes.fool import fool as fool
    from cutaway.recipes.invariance import invariance as invariance
    from cutaway.recipes.invert import invert as invert
    from cutaway.recipes.invert_generator import invert_generator as invert_generator
    from cutaway.recipes.layers import layers as layers
    from cutaway.recipes.models import models as models
    from cutaway.recipes.neighbors import neighbors as neighbors
    from cutaway.recipes.patches import patches as patches
    from cutaway.recipes.purity import purity as purity
    from cutaway.recipes.report import report as report
    from cutaway.recipes.scan import scan as scan
    from cutaway.recipes.segment import segment as segment
    from cutaway.recipes.style import style as style
    from cutaway.recipes.style_sheet import style_sheet as style_sheet
    from cutaway.recipes.stylize import stylize as stylize
    from cutaway.recipes.stylize import stylize_video as stylize_video
    from cutaway.recipes.texture import texture as texture
    from cutaway.recipes.train_style import train_style as train_style
    from cutaway.recipes.unit import unit_page as unit_page
    from cutaway.recipes.weights import weights as weights
    from cutaway.view.album import Album as Album
    from cutaway.view.film import Film as Film
    from cutaway.view.grid import Grid as Grid
    from cutaway.view.heatmap import Heatmap as Heatmap
    from cutaway.view.picture import Picture as Picture
    from cutaway.view.report import Report as Report
    from cutaway.view.table import Table as Table
    from cutaway.web.serve import serve as serve

__version__ = "0.1.0"


__all__ = [
    "Album",
    "BadImage",
    "BadIndex",
    "BadSetting",
    "CutawayError",
    "Film",
    "Grid",
    "Heatmap",
    "Network",
    "NonFinite",
    "Objective",
    "OutOfMemory",
    "OutOfSpace",
    "Picture",
    "Preprocessing",
    "Report",
    "Stylizer",
    "Table",
    "UnknownClass",
    "UnknownLayer",
    "UnknownModel",
    "UnsupportedMethod",
    "UnsupportedNetwork",
    "WeightsUnavailable",
    "WorkerLost",
    "activations",
    "alpha_norm",
    "as_objective",
    "attribution",
    "audit",
    "best_match",
    "capture",
    "channel",
    "check",
    "class_image",
    "class_logit",
    "class_probability",
    "compare",
    "contrast",
    "correspondence",
    "deconv",
    "deconv_sheet",
    "direction",
    "diversity",
    "dream",
    "each",
    "embed",
    "explain",
    "facets",
    "filters",
    "filters_into",
    "fool",
    "gram",
    "gram_matrix",
    "invariance",
    "invert",
    "invert_generator",
    "keep_freed",
    "layers",
    "load",
    "match",
    "mean_square",
    "memory",
    "models",
    "neighbors",
    "open_filters",
    "open_index",
    "output_value",
    "patches",
    "purity",
    "read",
    "region",
    "report",
    "scan",
    "segment",
    "serve",
    "similarity",
    "style",
    "style_sheet",
    "stylize",
    "stylize_video",
    "synthesis",
    "texture",
    "total_variation",
    "train_style",
    "unit",
    "unit_page",
    "watched",
    "weights",
    "widget",
    "write_onnx",
]


if not TYPE_CHECKING:  # a type checker that saw this would believe that every name exists

    def __getattr__(name: str) -> object:
        home = HOMES.get(name)
        if home is None:
            raise AttributeError(f"module 'cutaway' has no attribute {name!r}{_hint(name)}")
        module, _, attribute = home.partition(":")
        found: object = import_module(module)
        if attribute:
            found = getattr(found, attribute)
        globals()[name] = found  # from now on an ordinary name, found without this function
        return found


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__file__", "__name__", "__path__", "__version__"]


def _hint(name: str) -> str:
    if name.startswith("_"):  # asked by the machinery of Python, not by a person
        return ""
    from cutaway import attribution
    from cutaway.errors import closest

    if name in attribution.__all__:
        return f". It is cutaway.attribution.{name}"
    near = closest(name, __all__)
    return f". Closest: {', '.join(near)}" if near else ""
