"""Layer-wise relevance propagation: beside zennit called by hand, and one rule worked out on paper."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from zennit.attribution import Gradient
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import COMPOSITES
from zennit.layer import Sum

import cutaway as cw
from cutaway.attribution import LRP
from cutaway.network.zoo.alexnet import AlexNet
from cutaway.network.zoo.resnet import ResNet
from tests.network.test_situations import assert_same, state_of


def normed() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 6, 3),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d((2, 3)),
        nn.Dropout(),
        nn.Flatten(),
        nn.Linear(36, 10),
    )


BUILDS = {
    "squeezenet": lambda: cw.load("squeezenet1_1").module,
    "alexnet": lambda: AlexNet(classes=10),
    "batch norm": normed,
}


@pytest.fixture(scope="module", params=list(BUILDS))
def case(request) -> tuple[str, nn.Module, Tensor]:
    torch.manual_seed(1)
    module = BUILDS[request.param]().eval()
    if request.param != "squeezenet":
        for part in module.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            elif isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.weight, 0.5, 2)
                nn.init.normal_(part.running_mean)
                nn.init.normal_(part.bias)
    return request.param, module, torch.randn(2, 3, 96, 112)


def agrees(ours: Tensor, theirs: Tensor) -> None:
    assert float(theirs.abs().max()) > 0
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max() / theirs.abs().max()) < 1e-5


@pytest.mark.parametrize("composite", ["epsilon_plus_flat", "epsilon_alpha2_beta1", "epsilon_gamma_box"])
def test_it_is_zennits(case, composite) -> None:
    _, module, images = case
    settings = {"canonizers": [SequentialMergeBatchNorm()]}
    if composite == "epsilon_gamma_box":
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        settings |= {"low": -mean / std, "high": (1 - mean) / std}
    with torch.no_grad():
        logits = module(images)
    begin = torch.zeros_like(logits)
    begin[[0, 1], [3, 7]] = logits[[0, 1], [3, 7]]
    with Gradient(module, COMPOSITES[composite](**settings)) as attributor:
        _, theirs = attributor(images.clone(), begin)
    network = cw.Network(module, cw.Preprocessing(size=96))
    agrees(LRP(composite, reduce="none")(network, images, cw.class_logit([3, 7])), theirs)


def test_the_model_is_left_as_found(case) -> None:
    _, module, images = case
    for mode in (True, False):
        module.train(mode)
        before = state_of(module)
        LRP()(cw.Network(module), images, cw.class_logit(3))
        assert_same(_but_versions(before), _but_versions(state_of(module)))
    before = state_of(module)
    with pytest.raises(cw.UnknownClass):
        LRP()(cw.Network(module), images, cw.class_logit(5000))
    assert_same(_but_versions(before), _but_versions(state_of(module)))
    assert not any(p.grad is not None for p in module.parameters())


def _but_versions(state: dict) -> dict:
    """Merged batch norms are put back as the same numbers in the same places; torch counts that as a write."""
    return {what: value for what, value in state.items() if what != "versions"}


def test_the_epsilon_rule_on_paper() -> None:
    """Two linear layers: R of input i is the sum over hidden j of x_i w_ji / z_j · R_j, and so on upwards."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 3)).double().eval()
    images = torch.randn(1, 3, 2, 2).double()
    x = images.flatten()
    one, two = module[1], module[3]
    z = one.weight @ x + one.bias
    hidden = z.clamp_min(0)
    logit = (two.weight @ hidden + two.bias)[1]
    relevance = hidden * two.weight[1] / logit * logit
    wanted = (x * one.weight / z[:, None] * relevance[:, None]).sum(0)
    found = LRP("epsilon_plus", epsilon=1e-12, reduce="none")(cw.Network(module), images, cw.class_logit(1))
    torch.testing.assert_close(found.flatten(), wanted.detach(), rtol=1e-6, atol=1e-9)


def test_relevance_is_conserved_without_biases() -> None:
    torch.manual_seed(0)
    layers = (
        nn.Conv2d(3, 6, 3, bias=False),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 6, 3, bias=False),
        nn.ReLU(),
    )
    module = nn.Sequential(*layers, nn.Flatten(), nn.Linear(6 * 25, 4, bias=False)).double()
    images = torch.randn(2, 3, 16, 16).double()
    found = LRP(epsilon=1e-9)(cw.Network(module), images, cw.class_logit([1, 2])).sum((1, 2, 3))
    with torch.no_grad():
        torch.testing.assert_close(found, module(images)[[0, 1], [1, 2]], rtol=1e-5, atol=1e-9)
    # A mixture begins with what each class contributes to it.
    mixed = cw.class_logit(1) - 0.5 * cw.class_logit(2)
    found = LRP(epsilon=1e-9)(cw.Network(module), images, mixed).sum((1, 2, 3))
    with torch.no_grad():
        torch.testing.assert_close(found, mixed.score({"@logits": module(images)}), rtol=1e-5, atol=1e-9)


def test_an_image_repeated_and_asked_for_several_classes() -> None:
    net = cw.load("squeezenet1_1")
    image = torch.randn(1, 3, 64, 64)
    together = LRP()(net, image.expand(3, -1, -1, -1), cw.class_logit([285, 1, 700]))
    for row, k in zip(together, (285, 1, 700), strict=True):
        agrees(row[None], LRP()(net, image, cw.class_logit(k)))


class InPlace(nn.Module):
    """One in-place ReLU, used twice, beside twins of their own."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.one, self.two, self.fc = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, 3)
        self.relu = nn.ReLU(inplace=shared)
        self.other = self.relu if shared else nn.ReLU()
        self.pool, self.flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.flat(self.pool(self.other(self.two(self.relu(self.one(x)))))))


def test_a_relu_in_place_and_used_twice_changes_nothing() -> None:
    torch.manual_seed(0)
    one = InPlace(True)
    two = InPlace(False)
    two.load_state_dict(one.state_dict())
    images = torch.randn(2, 3, 12, 12)
    agrees(*(LRP()(cw.Network(m), images, cw.class_logit(1)) for m in (one, two)))


@pytest.mark.parametrize("layer", ["fire4.expand3x3", "conv1", "fire4"])
def test_what_is_read_right_at_a_module_goes_back_through_it(layer) -> None:
    """zennit asked for one channel of the cut network."""
    net, image = cw.load("squeezenet1_1"), torch.randn(1, 3, 64, 64)
    names = [name for name, _ in net.module.features.named_children()]
    ours = LRP("epsilon_plus", reduce="none")(net, image, cw.channel(layer, 7))
    inner: list[Tensor] = []
    path = {"fire4.expand3x3": "features.6.expand3x3", "conv1": "features.0", "fire4": "features.6"}[layer]
    part = net.module.features[: names.index(path.split(".")[1]) + 1]
    composite = COMPOSITES["epsilon_plus"]()
    with composite.context(part):
        handle = net.module.get_submodule(path).register_forward_hook(lambda *a: inner.append(a[-1]))
        leaf = image.clone().requires_grad_(True)
        part(leaf)
        handle.remove()
        (values,) = inner
        begin = torch.zeros_like(values)
        begin[:, 7] = values[:, 7].detach() / values[0, 7].numel()
        (theirs,) = torch.autograd.grad(values, leaf, begin)
    agrees(ours, theirs)


def test_inner_layers_and_softmax_ends() -> None:
    net = cw.load("squeezenet1_1")
    image = torch.randn(1, 3, 64, 64)
    seen = LRP("epsilon_plus")(net, image, cw.unit("fire4", 7, 2, 2))
    top, left, bottom, right = net.layer("fire4", image).field.box(2, 2)
    outside = torch.ones(64, 64, dtype=torch.bool)
    outside[max(0, top) : bottom, max(0, left) : right] = False
    assert bool(seen.any())
    assert not bool(seen[0, 0][outside].any())
    module = normed().eval()
    ended = nn.Sequential(*module, nn.Softmax(1))
    agrees(*(LRP()(cw.Network(m), torch.ones(1, 3, 40, 40), cw.class_logit(1)) for m in (ended, module)))


class Between(nn.Module):
    """Does one thing between its modules."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.one, self.two, self.fc, self.what = (
            nn.Conv2d(3, 4, 3),
            nn.Conv2d(4, 4, 3, 1, 1),
            nn.Linear(4, 3),
            what,
        )
        self.relu, self.pool, self.norm, self.sum = (
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.BatchNorm2d(4),
            Sum(),
        )
        self.layer = nn.LayerNorm([6, 6])

    def forward(self, x: Tensor) -> Tensor:
        what = self.what
        x = self.one(x)
        x = {"relu": F.relu, "method": Tensor.relu, "clamp": lambda x: x.clamp(min=0)}.get(what, self.relu)(x)
        if what == "residual":
            x = x + self.two(x)
        elif what == "sum":
            x = self.sum(torch.stack([x, self.two(x)], -1))
        elif what == "twice":
            x = self.two(self.two(x))
        elif what == "norm":
            x = self.two(self.norm(x))
        elif what == "layer norm":
            x = self.layer(x)
        elif what == "shapes":
            x = torch.cat([x[:, 2:], x[:, :2]], 1).permute(0, 1, 3, 2).contiguous()
        x = x.mean((2, 3)) if what == "mean" else self.pool(x).view(len(x), -1)
        return self.fc(x)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("relu", r"relu \(relu\) is computed between them.*Write it as a module such as torch.nn.ReLU"),
        ("method", r"relu \(relu\) is computed between"),
        ("clamp", r"clamp \(clamp\) is computed between"),
        ("residual", r"add \(add\) is computed between them.*zennit.layer.Sum"),
        ("mean", r"mean \(mean\).*AdaptiveAvgPool2d"),
        ("twice", "two of Between runs 2 times"),
        ("norm", "norm of Between does not stand right after one"),
        ("layer norm", r"layer \(layer_norm\) is computed between them.*Use IntegratedGradients"),
    ],
)
def test_what_zennit_does_not_see_is_refused(what, words) -> None:
    with pytest.raises(cw.UnsupportedMethod, match=words):
        LRP("epsilon_plus")(cw.Network(Between(what).eval()), torch.randn(1, 3, 8, 8), cw.class_logit(1))


@pytest.mark.parametrize("what", ["nothing", "sum", "shapes"])
def test_sums_as_modules_and_changes_of_shape_are_seen(what) -> None:
    torch.manual_seed(0)
    module, image = Between(what).eval(), torch.randn(1, 3, 8, 8)
    with Gradient(module, COMPOSITES["epsilon_plus"]()) as attributor:
        _, theirs = attributor(image.clone(), module(image).detach() * torch.tensor([[0.0, 1.0, 0.0]]))
    agrees(LRP("epsilon_plus", reduce="none")(cw.Network(module), image, cw.class_logit(1)), theirs)


def test_other_refusals() -> None:
    image = torch.randn(1, 3, 8, 8)
    with pytest.raises(cw.UnsupportedMethod, match=r"layer1.0.add \(add\)"):
        LRP()(cw.Network(ResNet(18, classes=4)), torch.randn(1, 3, 64, 64), cw.class_logit(1))
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 3))
    with pytest.raises(cw.UnsupportedMethod, match="needs to know black and white"):
        LRP("epsilon_gamma_box")(cw.Network(module), image, cw.class_logit(1))
    nn.utils.parametrizations.weight_norm(module[0])
    with pytest.raises(cw.UnsupportedMethod, match="computed from others"):
        LRP()(cw.Network(module), image, cw.class_logit(1))
    with pytest.raises(cw.UnsupportedMethod, match=r"first registered for it \(two\), but one runs first"):
        LRP()(cw.Network(Backwards()), image, cw.class_logit(1))
    with pytest.raises(cw.BadSetting, match="epsilon must be above 0"):
        LRP(epsilon=0)


class Backwards(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.two, self.flat, self.one = nn.Linear(144, 3), nn.Flatten(), nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.flat(self.one(x)))


def test_without_zennit_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zennit.types", None)
    with pytest.raises(cw.UnsupportedMethod, match=r'pip install "cutaway\[lrp\]"'):
        LRP()(cw.Network(normed().eval()), torch.randn(1, 3, 40, 40), cw.class_logit(1))
