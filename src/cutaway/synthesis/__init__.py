"""What would excite it: images made by ascending an objective. The loop is one; all else is a value given to it."""

from cutaway.synthesis.ascend import Ascent, ascend
from cutaway.synthesis.optimizers import LBFGS, Adam, Normalised, Plain
from cutaway.synthesis.parametrization.fourier import Fourier
from cutaway.synthesis.parametrization.parametrization import Parametrization
from cutaway.synthesis.parametrization.pixels import Pixels
from cutaway.synthesis.regularizers import (
    CentreBias,
    Clip,
    GaussianBlur,
    L2Decay,
    SmallBenefit,
    SmallGradient,
    SmallPixels,
)
from cutaway.synthesis.transforms import Jitter, Pad, Rotate, Scale

__all__ = [
    "LBFGS",
    "Adam",
    "Ascent",
    "CentreBias",
    "Clip",
    "Fourier",
    "GaussianBlur",
    "Jitter",
    "L2Decay",
    "Normalised",
    "Pad",
    "Parametrization",
    "Pixels",
    "Plain",
    "Rotate",
    "Scale",
    "SmallBenefit",
    "SmallGradient",
    "SmallPixels",
    "ascend",
]
