"""The layer table, and what it finds odd."""

from __future__ import annotations

import torch
from torch import nn

import cutaway as cw


def test_the_table_in_the_order_of_execution(net):
    """A3, B2: names, kinds, shapes, parameters, kernels, strides, fields, costs; and as plain text."""
    table = cw.layers(net)
    rows = {row["layer"]: row for row in table}
    assert list(rows)[:4] == ["conv1", "relu1", "pool1", "fire2.squeeze"]
    assert rows["conv1"]["shape c × h × w"] == "64 × 111 × 111"
    assert rows["conv1"]["parameters"] == 64 * 3 * 9 + 64
    assert rows["conv1"]["MACs"] == 64 * 27 * 111 * 111
    assert (rows["pool1"]["kernel"], rows["pool1"]["stride"]) == ("3", "2")
    assert rows["fire9.cat"]["receptive field"] == "207"
    assert sum(row["parameters"] for row in table) == 1_235_496
    assert "fire6.expand3x3_activation" in table.to_text()


def test_another_size_gives_other_shapes(net):
    """A4: larger input, larger activations, the same field."""
    rows = {row["layer"]: row for row in cw.layers(net, size=(448, 300))}
    assert rows["conv1"]["shape c × h × w"] == "64 × 223 × 149"
    assert rows["fire9.cat"]["receptive field"] == "207"


def test_dead_parts_and_several_heads_are_told():
    """A3: parameters that nothing reads, results that nobody takes, several outputs."""

    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.forgotten = nn.Conv2d(3, 4, 3), nn.Linear(5, 5)
            self.unused = nn.Conv2d(4, 4, 1)

        def forward(self, x):
            x = self.conv(x)
            self.unused(x)
            return x.mean((2, 3)), x

    notes = " ".join(cw.layers(cw.Network(Odd())).notes)
    assert "forgotten holds 30 parameters that no layer reads" in notes
    assert "Computed and never read: unused" in notes
    assert "2 outputs: @output[0], @output[1]" in notes


def test_no_map_left_is_told():
    """A3: a network of vectors only."""
    network = cw.Network(nn.Sequential(nn.Flatten(), nn.Linear(192, 3)), example=torch.zeros(1, 3, 8, 8))
    assert "No map with more than one place" in " ".join(cw.layers(network).notes)


def test_a_field_too_small_for_objects_is_told():
    network = cw.Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    assert "sees 3 × 3 of 224 × 224 pixels" in " ".join(cw.layers(network).notes)


def test_what_reads_the_classes_is_told(net):
    """E7: the head as found in the graph."""
    assert "CAM reads relu10 with the class's own channel." in cw.layers(net).notes
