"""A network by name, from a person's file, with a person's weights; every refusal in words."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from cutaway.errors import BadSetting, UnknownModel, WeightsUnavailable
from cutaway.network.load import load
from cutaway.network.zoo.registry import ENTRIES

TINY = """\
import torch
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))

def tiny_network():
    from cutaway.network.network import Network
    return Network(build(), name="mine", classes=["a", "b"])

def numbers():
    return [1, 2]

def broken():
    width = 0

    return nn.Conv2d(3, width // width, 3)

def leaves():
    raise SystemExit("bye")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.py"
    path.write_text(TINY)
    return path


@pytest.fixture
def name(file: Path) -> str:
    return f"{file}:build"


def state(seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    known = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2)).state_dict()
    return {
        key: torch.randn_like(value) if value.is_floating_point() else value for key, value in known.items()
    }


def refused(*arguments: str, error: type[Exception] = WeightsUnavailable, **settings: object) -> str:
    with pytest.raises(error) as told:
        load(*arguments, **settings)
    return str(told.value)


def holds(module: nn.Module, wanted: dict[str, Tensor]) -> bool:
    return all(torch.equal(module.state_dict()[key], value) for key, value in wanted.items())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("squeezenet", "squeezenet1_1"),
        ("VGG-16", "vgg16"),
        ("resnet-50", "resnet50"),
        ("mobilenetv2", "mobilenet_v2"),
    ],
)
def test_a_mistyped_name_gets_its_neighbours(typed: str, meant: str) -> None:
    told = refused(typed, error=UnknownModel)
    assert f"there is no model {typed!r}" in told
    assert meant in told
    assert "cutaway models" in told


def test_a_name_like_no_other() -> None:
    told = refused("zzzz", error=UnknownModel)
    assert "Closest" not in told
    assert "cutaway models" in told


@pytest.mark.parametrize("name", [n for n, one in ENTRIES.items() if one.weights is None])
def test_a_definition_alone_is_not_given_random_weights(name: str) -> None:
    assert "--weights" in refused(name)


def test_a_definition_takes_weights_in_torchvisions_naming(tmp_path: Path) -> None:
    torch.manual_seed(3)
    wanted = ENTRIES["resnet18"].build().state_dict()
    save_file(wanted, tmp_path / "w.safetensors")
    net = load("resnet18", weights=tmp_path / "w.safetensors")
    assert holds(net.module, wanted)
    assert net.name == "resnet18"
    assert net.classes is not None
    assert len(net.classes) == 1000
    assert not net.module.training


def test_whole_weights_for_the_convolutions_alone_are_sent_to_the_whole_network(tmp_path: Path) -> None:
    torch.manual_seed(4)
    wanted = ENTRIES["mobilenet_v2_full"].build().state_dict()
    torch.save(wanted, tmp_path / "w.pth")
    told = refused("mobilenet_v2", weights=tmp_path / "w.pth")
    assert "with the classifier it is mobilenet_v2_full" in told
    assert holds(load("mobilenet_v2_full", weights=tmp_path / "w.pth").module, wanted)


@pytest.mark.parametrize("weights", [None, "w.safetensors"])
def test_loading_changes_nobodys_random_numbers(weights: str | None, tmp_path: Path) -> None:
    path = tmp_path / weights if weights else None
    if path:
        save_file(ENTRIES["squeezenet1_1"].build().state_dict(), path)
    before = torch.get_rng_state()
    load("squeezenet1_1", weights=path)
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_without_counters_leave_them_at_zero(tmp_path: Path) -> None:
    wanted = ENTRIES["resnet18"].build().state_dict()
    counters = [name for name in wanted if name.endswith("num_batches_tracked")]
    given = {name: value for name, value in wanted.items() if name not in counters}
    save_file(given, tmp_path / "w.safetensors")
    found = load("resnet18", weights=tmp_path / "w.safetensors").module.state_dict()
    assert len(counters) == 20
    assert all(int(found[name]) == 0 for name in counters)
    assert all(torch.equal(found[name], value) for name, value in given.items())


def test_googlenet_does_not_mind_torchvisions_auxiliary_classifiers(tmp_path: Path) -> None:
    wanted = ENTRIES["googlenet"].build().state_dict()
    torch.save({**wanted, "aux1.fc1.weight": torch.ones(2, 2)}, tmp_path / "w.pt")
    assert holds(load("googlenet", weights=tmp_path / "w.pt").module, wanted)


# A person's file


def test_a_function_that_gives_a_module(name: str) -> None:
    net = load(name)
    assert net.name == "tiny"
    assert [layer.name for layer in net.layers] == ["0", "1"]
    assert net.preprocessing is None


def test_without_a_function_it_is_build(file: Path) -> None:
    assert len(load(str(file)).layers) == 2


def test_a_function_that_gives_a_network(file: Path) -> None:
    net = load(f"{file}:tiny_network")
    assert (net.name, net.classes) == ("mine", ("a", "b"))


def test_a_relative_path_and_an_error_with_its_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    line = TINY.splitlines().index("    return nn.Conv2d(3, width // width, 3)") + 1
    for path in ("tiny.py", str(file)):
        told = refused(f"{path}:broken", error=UnknownModel)
        assert told.startswith(f"{path}, line {line}: ZeroDivisionError")


def test_a_path_will_do(file: Path) -> None:
    assert load(file).name == "tiny"


def test_an_error_of_many_lines_is_told_in_one(file: Path) -> None:
    file.write_text("def build():\n    raise ValueError('first\\n  second')\n")
    assert refused(str(file), error=UnknownModel) == f"{file}, line 2: ValueError: first second"


def test_what_is_no_name_is_refused_in_words(python) -> None:
    code = "import cutaway, torch\ntry:\n    cutaway.load(torch.nn.ReLU())\n"
    told = python("-c", f"{code}except cutaway.BadSetting as error:\n    print(error)").stdout
    assert told.startswith(
        "load takes a name, got ReLU. A module that you have already: cutaway.Network(module"
    )


def test_an_error_at_import_and_a_syntax_error(file: Path) -> None:
    file.write_text("import torch\n\nx = 1 / 0\n")
    assert refused(str(file), error=UnknownModel).startswith(f"{file}, line 3: ZeroDivisionError")
    file.write_text("import torch\ndef build(:\n")
    assert refused(str(file), error=UnknownModel).startswith(f"{file}, line 2: SyntaxError")
    file.write_text("import no_such_package_at_all\n")
    told = refused(str(file), error=UnknownModel)
    assert "line 1: ModuleNotFoundError" in told
    assert "no_such_package_at_all" in told


def test_a_file_that_leaves_does_not_end_the_program(file: Path) -> None:
    assert "SystemExit: bye" in refused(f"{file}:leaves", error=UnknownModel)


def test_a_missing_function_gets_its_neighbours(file: Path) -> None:
    assert "It has: build" in refused(f"{file}:biuld", error=UnknownModel)
    assert "tiny_network" in refused(f"{file}:zzzz", error=UnknownModel)
    file.write_text("x = 1\n")
    assert "no functions" in refused(f"{file}:build", error=UnknownModel)


def test_what_is_no_module_is_told(file: Path) -> None:
    assert "gave list; it must give a torch.nn.Module" in refused(f"{file}:numbers", error=UnknownModel)


def test_a_missing_file_says_the_form() -> None:
    assert "path/to/file.py:build" in refused("nowhere/net.py:build", error=UnknownModel)


def test_dataclasses_and_files_beside_it_work(file: Path) -> None:
    (file.parent / "layers_beside_tiny.py").write_text("width = 4\n")
    file.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom torch import nn\n"
        "from layers_beside_tiny import width\n\n"
        "@dataclass\nclass Settings:\n    width: int = width\n\n"
        "def build():\n    return nn.Conv2d(3, Settings().width, 3)\n"
    )
    assert load(str(file)).module.out_channels == 4


def test_a_file_named_like_a_library_hides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "torch.py"
    path.write_text("import torch\n\ndef build():\n    return torch.nn.ReLU()\n")
    assert isinstance(load(str(path)).module, nn.ReLU)


# A person's weights


def _safetensors(path: Path) -> Path:
    save_file(state(), path / "w.safetensors")
    return path / "w.safetensors"


def _state_dict(path: Path) -> Path:
    torch.save(state(), path / "w.pt")
    return path / "w.pt"


def _checkpoint(path: Path) -> Path:
    torch.save({"state_dict": state(), "epoch": 3, "best": 0.7}, path / "w.pth")
    return path / "w.pth"


def _of_a_parallel_network(path: Path) -> Path:
    torch.save({f"module.{key}": value for key, value in state().items()}, path / "w.pt")
    return path / "w.pt"


def _of_a_compiled_network(path: Path) -> Path:
    torch.save({"model": {f"_orig_mod.{key}": value for key, value in state().items()}}, path / "w.tar")
    return path / "w.tar"


def _without_counters(path: Path) -> Path:
    save_file(
        {k: v for k, v in state().items() if not k.endswith("num_batches_tracked")}, path / "w.safetensors"
    )
    return path / "w.safetensors"


@pytest.mark.parametrize(
    "written",
    [
        _safetensors,
        _state_dict,
        _checkpoint,
        _of_a_parallel_network,
        _of_a_compiled_network,
        _without_counters,
    ],
)
def test_weights_are_filled_in(written, name: str, tmp_path: Path) -> None:
    assert holds(load(name, weights=str(written(tmp_path))).module, state())


def test_tensors_that_do_not_fit_are_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    wanted = state()
    torch.save({key: value for key, value in wanted.items() if not key.startswith("1.")}, path)
    told = refused(name, weights=path)
    assert f"{path} does not fit tiny" in told
    assert "4 missing (first: 1.bias)" in told
    torch.save({**wanted, "head.weight": torch.ones(1)}, path)
    assert "1 unknown (first: head.weight)" in refused(name, weights=path)
    torch.save({**wanted, "0.weight": torch.ones(2, 3, 5, 5)}, path)
    assert "1 of another shape (first: 0.weight, (2, 3, 5, 5) for (2, 3, 3, 3))" in refused(
        name, weights=path
    )
    torch.save({}, path)
    assert "6 missing" in refused(name, weights=path)


class _Runs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("old", [False, True])
def test_a_hostile_pickle_is_refused_and_not_run(old: bool, name: str, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save({**state(), "x": _Runs(tmp_path / "ran")}, path, _use_new_zipfile_serialization=not old)
    told = refused(name, weights=path)
    assert "could run anything, so it was not opened" in told
    assert "save_file" in told
    assert not (tmp_path / "ran").exists()
    torch.load(path, weights_only=False)  # it would have
    assert (tmp_path / "ran").exists()


def test_a_whole_saved_module_is_refused(name: str, tmp_path: Path) -> None:
    torch.save(nn.Conv2d(3, 2, 3), tmp_path / "w.pt")
    assert "not a plain state dict" in refused(name, weights=tmp_path / "w.pt")


def test_a_torchscript_file_is_refused(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(nn.Conv2d(3, 2, 3), torch.zeros(1, 3, 8, 8)), tmp_path / "w.pt")
    told = refused(name, weights=tmp_path / "w.pt")
    assert "TorchScript" in told
    assert "torch.jit.load" in told


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([torch.ones(1)], "holds list, not a state dict"),
        (torch.ones(2), "holds Tensor, not a state dict"),
        ({"a": 1}, "under 'a' lies int"),
        ({1: torch.ones(1)}, "under 1 lies Tensor"),
    ],
)
def test_other_things_than_a_state_dict(held: object, words: str, name: str, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "w.pt")
    assert words in refused(name, weights=tmp_path / "w.pt")


def test_files_that_are_none(name: str, tmp_path: Path) -> None:
    assert "there is no file" in refused(name, weights=tmp_path / "gone.pt")
    assert "there is no file" in refused(name, weights=tmp_path)
    for suffix in ("safetensors", "pt"):
        for data in (b"", b"nonsense" * 20):
            path = tmp_path / f"w.{suffix}"
            path.write_bytes(data)
            assert str(path) in refused(name, weights=path)


# Devices


def test_a_device_that_is_not_here_is_refused_in_words(name: str) -> None:
    count = torch.cuda.device_count()
    for device in ["cuda", "cuda:1"] if count == 0 else [f"cuda:{count}"]:
        assert f"device {device!r} was asked for, but torch" in refused(name, device=device, error=BadSetting)


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x", "meta", "hpu"])
def test_a_device_that_torch_does_not_have(device: str, name: str) -> None:
    told = refused(name, device=device, error=BadSetting)
    assert repr(device) in told
    assert "cpu" in told


def test_auto_is_cuda_where_there_is_one(name: str) -> None:
    assert load(name, device="auto").device.type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert load(name, device=torch.device("cpu")).device.type == "cpu"
