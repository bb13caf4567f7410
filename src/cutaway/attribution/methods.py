"""The methods by the names that a person types."""

from __future__ import annotations

from cutaway.attribution.ablation_cam import AblationCAM
from cutaway.attribution.attribution import Attribution
from cutaway.attribution.cam import CAM
from cutaway.attribution.deconvnet import Deconvnet
from cutaway.attribution.eigen_cam import EigenCAM
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
from cutaway.attribution.occlusion import Occlusion
from cutaway.attribution.rise import RISE
from cutaway.attribution.saliency import Saliency
from cutaway.attribution.score_cam import ScoreCAM
from cutaway.attribution.shap import SHAP
from cutaway.attribution.smooth_grad import SmoothGrad
from cutaway.attribution.x_grad_cam import XGradCAM
from cutaway.errors import BadSetting, closest

__all__ = ["METHODS", "method_named"]

METHODS: dict[str, type[Attribution]] = {
    "cam": CAM,
    "grad-cam": GradCAM,
    "grad-cam++": GradCAMPlusPlus,
    "layer-cam": LayerCAM,
    "hires-cam": HiResCAM,
    "x-grad-cam": XGradCAM,
    "eigen-cam": EigenCAM,
    "score-cam": ScoreCAM,
    "ablation-cam": AblationCAM,
    "saliency": Saliency,
    "smooth-grad": SmoothGrad,
    "input-x-gradient": InputXGradient,
    "integrated-gradients": IntegratedGradients,
    "guided-backprop": GuidedBackprop,
    "guided-grad-cam": GuidedGradCAM,
    "deconvnet": Deconvnet,
    "occlusion": Occlusion,
    "rise": RISE,
    "lime": LIME,
    "lrp": LRP,
    "shap": SHAP,
}


def method_named(method: str | Attribution | type[Attribution], layer: str | None = None) -> Attribution:
    """Give a method by its name, its class, or as it is.

    Args:
        method: "grad-cam", GradCAM or GradCAM(…).
        layer: for a method named by a word or a class that weighs a layer's channels.

    Raises:
        BadSetting: for a name that is none, or a layer for a method that takes none.

    >>> method_named("grad-cam", "fire5")
    GradCAM(layer='fire5', relu=True)
    >>> method_named("gradcam").__class__.__name__
    'GradCAM'
    """
    if isinstance(method, str):
        plain = {name.replace("-", ""): kind for name, kind in METHODS.items()}
        found = METHODS.get(method) or plain.get(method.lower().replace("-", "").replace("_", ""))
        if found is None:
            near = closest(method, METHODS)
            more = f". Closest: {', '.join(near)}" if near else ""
            raise BadSetting(f"method takes {', '.join(METHODS)}, got {method!r}{more}")
        method = found
    if isinstance(method, type):
        if layer is None:
            return method()
        if "layer" not in getattr(method, "__dataclass_fields__", {}):
            raise BadSetting(f"{method.__name__} weighs no layer's channels, got layer={layer!r}")
        made: Attribution = method(layer=layer)  # type: ignore[call-arg]
        return made
    if not isinstance(method, Attribution):
        raise BadSetting(
            f"method takes one of {', '.join(METHODS)}, or a method such as GradCAM('layer'), "
            f"got {type(method).__name__}"
        )
    if layer is not None:
        raise BadSetting("give the layer to the method itself: GradCAM('layer')")
    return method
