"""Where in a photo the reasons lie: one method a file, all called (network, images, objective) → raw map."""

from cutaway.attribution.attribution import Attribution
from cutaway.attribution.cam import CAM
from cutaway.attribution.deconvnet import Deconvnet
from cutaway.attribution.grad_cam import GradCAM
from cutaway.attribution.guided_backprop import GuidedBackprop
from cutaway.attribution.saliency import Saliency

__all__ = ["CAM", "Attribution", "Deconvnet", "GradCAM", "GuidedBackprop", "Saliency"]
