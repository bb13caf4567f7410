"""Where in a photo the reasons lie: one method a file, all called (network, images, objective) → raw map."""

from cutaway.attribution.attribution import Attribution
from cutaway.attribution.cam import CAM
from cutaway.attribution.deconvnet import Deconvnet
from cutaway.attribution.eigen_cam import EigenCAM
from cutaway.attribution.grad_cam import GradCAM
from cutaway.attribution.grad_cam_plus_plus import GradCAMPlusPlus
from cutaway.attribution.guided_backprop import GuidedBackprop
from cutaway.attribution.hires_cam import HiResCAM
from cutaway.attribution.layer_cam import LayerCAM
from cutaway.attribution.saliency import Saliency
from cutaway.attribution.x_grad_cam import XGradCAM

__all__ = [
    "CAM",
    "Attribution",
    "Deconvnet",
    "EigenCAM",
    "GradCAM",
    "GradCAMPlusPlus",
    "GuidedBackprop",
    "HiResCAM",
    "LayerCAM",
    "Saliency",
    "XGradCAM",
]
