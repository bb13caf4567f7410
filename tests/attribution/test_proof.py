from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution.deconvnet import Deconvnet
from cutaway.attribution.projection import project
from cutaway.attribution.proof import prove
from cutaway.objectives.objective import Unit


def test_falls_by_hand():
    """D6: a unit that adds up four pixels of sixteen: hiding them leaves the mean's share, hiding others nothing."""
    conv = nn.Conv2d(1, 1, 4, bias=False)
    conv.weight.data[:] = 0
    conv.weight.data[0, 0, 1, :] = 1
    net = cw.Network(nn.Sequential(conv, nn.ReLU()))
    image = torch.zeros(1, 1, 4, 4)
    image[0, 0, 1, :] = 8.0
    (proof,) = prove(net, image, project(net, image, [(0, Unit("1", 0, 0, 0))], Deconvnet().rules))
    assert proof.pixels == 4
    assert proof.shown == pytest.approx(1 - 4 * 2.0 / 32)  # the mean of the field is 2
    assert proof.others == 0
    assert str(proof) == "shown hidden: −75 %\nothers hidden: 0 %"


def test_proofs_of_many_are_each_as_alone():
    torch.manual_seed(0)
    net = cw.Network(
        nn.Sequential(nn.Conv2d(3, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU())
    )
    images = torch.randn(3, 3, 40, 40)
    units = [(i, Unit("4", c, y, x)) for i in range(3) for c in (1, 4) for y, x in ((0, 0), (7, 8), (15, 15))]
    found = project(net, images, units, Deconvnet().rules)
    together = prove(net, images, found)
    for one, proof in zip(found, together, strict=True):
        (alone,) = prove(net, images, [one])
        assert alone.shown == pytest.approx(proof.shown, abs=1e-5)
        assert alone.others == pytest.approx(proof.others, abs=1e-5)


def test_a_unit_that_does_not_fire_cannot_fall():
    net = cw.Network(nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU()))
    net.module[0].bias.data[:] = -100
    image = torch.randn(1, 1, 8, 8)
    (proof,) = prove(net, image, project(net, image, [(0, Unit("1", 0, 2, 2))], Deconvnet().rules))
    assert (proof.shown, proof.others) == (0, 0)


@pytest.mark.slow
def test_hiding_what_is_shown_silences_the_strongest_units_of_a_real_network():
    """D6: over the strongest units of a middle layer on real photos."""
    net = cw.load("squeezenet1_1")
    falls = []
    for name in ("chelsea", "coffee", "camera"):
        photo = cw.read(f"examples/photos/{name}.png")
        sheet = cw.deconv(net, photo, "fire7", top=12)
        falls += [(unit["fall_shown"], unit["fall_others"]) for unit in sheet.provenance["units"]]
    shown, others = torch.tensor(falls).mean(0).tolist()
    assert shown > 0.6
    assert abs(others) < 0.15
