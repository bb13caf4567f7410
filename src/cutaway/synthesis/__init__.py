"""What would excite it: images made by ascending an objective. The loop is one; all else is a value given to it.

>>> Fourier.noise(1, 32).images().shape
torch.Size([1, 3, 32, 32])
"""

from cutaway.synthesis.ascend import Ascent, ascend
from cutaway.synthesis.fooling import Ball, Projected
from cutaway.synthesis.octaves import octaves
from cutaway.synthesis.optimizers import LBFGS, Adam, Normalised, Plain
from cutaway.synthesis.parametrization.feature_code import FeatureCode
from cutaway.synthesis.parametrization.fourier import Fourier
from cutaway.synthesis.parametrization.generator import Generator
from cutaway.synthesis.parametrization.parametrization import Parametrization
from cutaway.synthesis.parametrization.pixels import Pixels
from cutaway.synthesis.parametrization.rounded import Rounded
from cutaway.synthesis.recording import Recording
from cutaway.synthesis.regularizers import (
    CentreBias,
    Clip,
    GaussianBlur,
    L2Decay,
    SmallBenefit,
    SmallGradient,
    SmallPixels,
)
from cutaway.synthesis.tiles import Tiles
from cutaway.synthesis.transforms import Fade, Jitter, Pad, Rotate, Scale

__all__ = [
    "LBFGS",
    "Adam",
    "Ascent",
    "Ball",
    "CentreBias",
    "Clip",
    "Fade",
    "FeatureCode",
    "Fourier",
    "GaussianBlur",
    "Generator",
    "Jitter",
    "L2Decay",
    "Normalised",
    "Pad",
    "Parametrization",
    "Pixels",
    "Plain",
    "Projected",
    "Recording",
    "Rotate",
    "Rounded",
    "Scale",
    "SmallBenefit",
    "SmallGradient",
    "SmallPixels",
    "Tiles",
    "ascend",
    "octaves",
]
