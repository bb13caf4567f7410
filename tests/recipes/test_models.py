"""The list of networks."""

from __future__ import annotations

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
