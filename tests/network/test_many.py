from __future__ import annotations

import logging

import pytest
import torch
from torch import nn

from cutaway.attribution import RISE, IntegratedGradients, Occlusion, SmoothGrad
from cutaway.errors import BadSetting
from cutaway.network.many import quickest_format, score_many
from cutaway.network.memory import budget, chunk, memory
from cutaway.network.network import Network
from cutaway.network.progress import watched
from cutaway.objectives.class_logit import class_logit


@pytest.fixture
def net() -> Network:
    torch.manual_seed(0)
    return Network(
        nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)
        )
    )


def first_class(found):
    return found["@output"][:, 0]


@pytest.mark.parametrize("limit", ["16M", "17M", "1G"])
def test_scores_are_those_of_one_large_batch(net, limit):
    images = torch.randn(23, 3, 40, 40)
    with memory(limit):
        found = score_many(net, lambda a, b: images[a:b], 23, first_class, ["@output"])
    torch.testing.assert_close(found, net.module(images)[:, 0].detach(), rtol=1e-5, atol=1e-6)


def test_goes_on_with_fewer_images_when_memory_runs_out(net, caplog, monkeypatch):
    # Another package's set-up of logging may have silenced the loggers that it found.
    monkeypatch.setattr(logging.getLogger("cutaway"), "disabled", False)
    caplog.set_level(logging.WARNING, logger="cutaway")
    images, sizes = torch.randn(20, 3, 8, 8), []

    def score(found):
        sizes.append(len(found["@output"]))
        if sizes[-1] > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 TB")
        return first_class(found)

    found = score_many(net, lambda a, b: images[a:b], 20, score, ["@output"])
    torch.testing.assert_close(found, net.module(images)[:, 0].detach(), rtol=1e-5, atol=1e-6)
    assert max(sizes[3:]) == 2
    assert "out of memory" in caplog.text


class Tight(nn.Module):
    """Runs out of memory on more than two images."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

    def forward(self, x):
        if len(x) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 TB")
        return self.fc(self.conv(x).relu().mean((2, 3)))


@pytest.mark.parametrize(
    "method",
    [Occlusion(size=4, stride=2), RISE(masks=20), IntegratedGradients(steps=9), SmoothGrad(samples=9)],
)
def test_goes_on_when_memory_runs_out_inside_the_network(method, caplog):
    net, image = Network(Tight()), torch.randn(1, 3, 12, 12)
    found = method(net, image, class_logit(1))
    assert "out of memory: going on with 2 images at once" in caplog.text
    parts = net.module.conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), net.module.fc
    wide = Network(nn.Sequential(*parts))
    torch.testing.assert_close(found, method(wide, image, class_logit(1)), rtol=1e-4, atol=1e-6)


def test_other_errors_are_not_taken_for_a_lack_of_memory(net):
    def score(found):
        raise ZeroDivisionError("a mistake of the user's")

    with pytest.raises(ZeroDivisionError):
        score_many(net, lambda a, b: torch.zeros(b - a, 3, 8, 8), 20, score, ["@output"])


def test_tells_how_far_it_is(net):
    told = []
    with watched(lambda what, done, total: told.append((what, done, total))):
        score_many(net, lambda a, b: torch.zeros(b - a, 3, 8, 8), 20, first_class, ["@output"], what="masks")
    assert told[-1] == ("masks", 20, 20)
    assert [done for _, done, _ in told] == sorted({done for _, done, _ in told})


class Viewing(nn.Module):
    """Fails on channels-last maps, as modules do that call `view`."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8 * 36, 4)

    def forward(self, x):
        x = self.conv(x)
        return self.fc(x.view(len(x), -1))


class Striding(nn.Module):
    """Answers by the order of the numbers in memory."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        x = self.conv(x)
        return x.as_strided((len(x), 8), (8 * 36, 1))


@pytest.mark.parametrize("module", [Viewing, Striding])
def test_keeps_the_usual_format_where_the_quick_one_fails(module):
    torch.manual_seed(0)
    net, images = Network(module()), torch.randn(9, 3, 8, 8)
    assert quickest_format(net, images) == torch.contiguous_format
    found = score_many(net, lambda a, b: images[a:b], 9, first_class, ["@output"])
    torch.testing.assert_close(found, net.module(images)[:, 0].detach(), rtol=1e-5, atol=1e-6)


def test_the_budget_bounds_how_many_run_at_once(net):
    small, large = torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 512, 512)
    with memory("64M"):
        assert chunk(net, large) < chunk(net, small)
        assert chunk(net, large, gradient=True) <= chunk(net, large)
    with memory(2**24):
        assert chunk(net, torch.zeros(1, 3, 2048, 2048)) == 1


@pytest.mark.parametrize(
    ("given", "bytes_"), [("2G", 2**31), ("800MB", 800 * 2**20), ("1.5 GiB", 3 * 2**29), (2**30, 2**30)]
)
def test_sizes_of_memory_are_read(given, bytes_):
    with memory(given):
        assert budget() == bytes_
    assert budget() > 2**24


@pytest.mark.parametrize("given", ["much", "G", "-2G", 5, "nan", "1e400G"])
def test_what_is_no_size_of_memory_is_refused(given):
    with pytest.raises(BadSetting, match="memory"), memory(given):
        pass
