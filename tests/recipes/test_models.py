"""The list of networks."""

from __future__ import annotations

import pytest

import cutaway as cw


def test_every_network_with_its_weights_and_use():
    """A1, E3: names, parameters, where weights come from, which one for live use."""
    rows = {row["model"]: row for row in cw.models()}
    assert rows["squeezenet1_1"]["weights"] == "bundled"
    assert rows["squeezenet1_1"]["parameters"] == 1_235_496
    assert "live" in rows["squeezenet1_1"]["good for"]
    assert "too slow for live use" in rows["vgg16"]["good for"]
    assert rows["resnet50"]["weights"] == "your file"
    assert {"resnet18", "googlenet", "mobilenet_v2", "alexnet", "vgg19"} <= rows.keys()


def test_a_network_is_loaded_by_its_name():
    """A1: with its weights, its class names and its preprocessing; nothing is fetched."""
    net = cw.load("squeezenet1_1")
    assert sum(p.numel() for p in net.module.parameters()) == 1_235_496
    assert (len(net.classes), net.classes[285]) == (1000, "Egyptian cat")
    assert net.preprocessing.size == 224
    assert not net.module.training


def test_an_unknown_name_is_told_the_closest():
    """A1: with what to type next."""
    with pytest.raises(cw.UnknownModel, match="no model 'squeeznet1_1'. Closest: squeezenet1_1"):
        cw.load("squeeznet1_1")


def test_advice_for_live_use():
    """E3: every network says what it is good for; the smallest ones are named for live use."""
    table = cw.models()
    advice = {row["model"]: row["good for"] for row in table}
    assert all(advice.values())
    assert "live" in advice["squeezenet1_1"]
    assert "squeezenet1_1" in table.to_text()
