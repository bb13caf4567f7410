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


def test_costs_and_shapes_against_an_independent_count(net):
    """A3: parameters, output shapes, kernels, strides and MACs, counted by hooks of one's own on every convolution."""
    seen = []

    def note(module, _, output):
        h, w = output.shape[2:]
        inner = module.in_channels // module.groups * module.kernel_size[0] * module.kernel_size[1]
        weights = sum(p.numel() for p in module.parameters())
        shape = f"{module.out_channels} × {h} × {w}"
        seen.append((shape, weights, inner * module.out_channels * h * w, module.kernel_size, module.stride))

    handles = [m.register_forward_hook(note) for m in net.module.modules() if isinstance(m, nn.Conv2d)]
    try:
        with torch.no_grad():
            net.module(torch.zeros(1, 3, 224, 224))
    finally:
        for handle in handles:
            handle.remove()
    rows = [row for row in cw.layers(net) if row["kind"] == "conv2d"]
    assert len(rows) == len(seen) == 26
    for row, (shape, weights, macs, kernel, stride) in zip(rows, seen, strict=True):
        assert (row["shape c × h × w"], row["parameters"], row["MACs"]) == (shape, weights, macs)
        assert (row["kernel"], row["stride"]) == (str(kernel[0]), str(stride[0]))
    assert sum(row[1] for row in seen) == 1_235_496


def test_receptive_fields_against_the_gradient(net):
    """A3: the field of a unit is exactly the pixels that its gradient can reach."""
    rows = {row["layer"]: row for row in cw.layers(net, size=224)}
    module = nn.Sequential(*cw.load("squeezenet1_1").module.features[:8]).double()
    for (
        parameter
    ) in module.parameters():  # positive weights: no path is closed by a ReLU, none cancels another
        parameter.data.abs_()
    image = torch.rand(1, 3, 224, 224, dtype=torch.float64, requires_grad=True)
    out = module(image)
    out.sum(1)[0, out.shape[2] // 2, out.shape[3] // 2].backward()
    assert image.grad is not None
    reached = image.grad[0].abs().sum(0).nonzero()
    extent = (reached.amax(0) - reached.amin(0) + 1).tolist()
    # A max pool lets one of its nine places through, so the gradient may miss a pixel at the rim.
    field = int(rows["fire5.cat"]["receptive field"])
    assert all(field - 16 <= side <= field for side in extent)


def test_the_printed_table(net):
    """B2: a line for each layer, columns one below the other, what was found below; and a file for a spreadsheet."""
    lines = cw.layers(net).to_text().splitlines()
    assert lines[0] == "squeezenet1_1: 66 layers, 1,235,496 parameters, 349 M MACs for an input of 224 × 224"
    head = next(k for k, line in enumerate(lines) if line.lstrip().startswith("#"))
    body = lines[head + 2 : head + 2 + 66]
    start = lines[head].index("layer")
    assert [line[start:].split()[0] for line in body] == [layer.name for layer in net.layers]
    assert all(line[start - 1] == " " for line in body)
    assert lines[-1].startswith("• ")


def test_the_table_as_a_file(net, tmp_path):
    """A3: as .csv with a row for each layer."""
    rows = cw.layers(net).save(tmp_path / "layers.csv").read_text().splitlines()
    assert len(rows) == 67
    assert rows[0].startswith("#,layer,kind,shape")


def test_where_no_map_is_left_the_field_is_the_whole_image(net):
    """A3: vectors see everything."""
    rows = {row["layer"]: row for row in cw.layers(net)}
    assert rows["flatten"]["receptive field"] == "whole image"
    assert rows["flatten"]["jump"] == ""
