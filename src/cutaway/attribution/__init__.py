"""Where in a photo the reasons lie: one method a file, all called (network, images, objective) → raw map."""

from cutaway.attribution.ablation_cam import AblationCAM
from cutaway.attribution.attribution import Attribution
from cutaway.attribution.cam import CAM
from cutaway.attribution.deconvnet import Deconvnet
from cutaway.attribution.eigen_cam import EigenCAM
from cutaway.attribution.fused_layers import FusedLayers
from cutaway.attribution.grad_cam import GradCAM
from cutaway.attribution.grad_cam_plus_plus import GradCAMPlusPlus
from cutaway.attribution.guided_backprop import GuidedBackprop
from cutaway.attribution.guided_grad_cam import GuidedGradCAM
from cutaway.attribution.hires_cam import HiResCAM
from cutaway.attribution.input_x_gradient import InputXGradient
from cutaway.attribution.integrated_gradients import IntegratedGradients
from cutaway.attribution.layer_cam import LayerCAM
from cutaway.attribution.lime import LIME
from cutaway.attribution.lrp import LRP
from cutaway.attribution.methods import METHODS
from cutaway.attribution.occlusion import Occlusion
from cutaway.attribution.rise import RISE
from cutaway.attribution.saliency import Saliency
from cutaway.attribution.score_cam import ScoreCAM
from cutaway.attribution.shap import SHAP
from cutaway.attribution.smooth_grad import SmoothGrad
from cutaway.attribution.x_grad_cam import XGradCAM

__all__ = [
    "CAM",
    "LIME",
    "LRP",
    "METHODS",
    "RISE",
    "SHAP",
    "AblationCAM",
    "Attribution",
    "Deconvnet",
    "EigenCAM",
    "FusedLayers",
    "GradCAM",
    "GradCAMPlusPlus",
    "GuidedBackprop",
    "GuidedGradCAM",
    "HiResCAM",
    "InputXGradient",
    "IntegratedGradients",
    "LayerCAM",
    "Occlusion",
    "Saliency",
    "ScoreCAM",
    "SmoothGrad",
    "XGradCAM",
]
