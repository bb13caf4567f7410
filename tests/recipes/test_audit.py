"""A data set made biased on purpose: its bias is the first suspect; its clean twin has none."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import cutaway as cw
from cutaway.errors import BadIndex, BadSetting
from cutaway.network.workers import one_thread

SCRIPT = Path(__file__).parents[2] / "examples" / "biased_photos.py"


@pytest.fixture(scope="module")
def example():
    """The example, as a module: it draws the photos and trains the network."""
    spec = importlib.util.spec_from_file_location("biased_photos", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scanned(example, tmp_path_factory):
    """Give the folder, the trained network and the index of a data set with a bias; each is made once."""
    made = {}

    def of(bias):
        if bias not in made:
            folder = tmp_path_factory.mktemp(bias)
            example.draw_photos(folder / "photos", bias, 60, seed=3)
            network = example.train(folder / "photos", seed=3)
            made[bias] = (
                folder,
                network,
                cw.scan(network, folder / "photos", folder / "index", engine="serial"),
            )
        return made[bias]

    with one_thread():
        yield of


@pytest.mark.slow
def test_a_watermark_is_the_first_suspect(scanned):
    _, network, index = scanned("mark")
    found = cw.audit(index, network=network, most=50, mistakes=3)
    first = found.suspects[0]
    assert (first.label, first.kind) == ("star", "mark")
    assert "star seems to be told by a mark at the bottom right" in first.words
    assert first.elsewhere < 0.1 < 0.5 < first.turned - first.chance
    assert first.spared - first.kept > 0.3
    assert found.caption.startswith(first.words)


@pytest.mark.slow
def test_a_coloured_background_is_the_first_suspect(scanned):
    _, network, index = scanned("ground")
    found = cw.audit(index, network=network, most=50, mistakes=3)
    first = found.suspects[0]
    assert (first.label, first.kind) == ("fish", "background")
    assert first.turned - first.chance > 0.5
    assert first.kept < 0.3 < 0.7 < first.spared


@pytest.mark.slow
def test_the_clean_twin_has_no_suspect(scanned, tmp_path):
    _, network, index = scanned("none")
    found = cw.audit(index, network=network, most=40, mistakes=3)
    assert found.suspects == ()
    assert found.title.startswith("No suspect in 160 photos of 4 labels")
    for name in ("audit.html", "audit.png", "audit.json", "audit.npz"):
        found.save(tmp_path / name)
    told = json.loads((tmp_path / "audit.json").read_text())
    assert told["suspects"] == []
    assert [one["label"] for one in told["labels"]] == ["fish", "house", "leaf", "star"]
    page = (tmp_path / "audit.html").read_text()
    assert "No suspect" in page
    assert 'src="http' not in page


@pytest.mark.slow
def test_labels_that_are_no_classes_are_told_by_a_probe(example, scanned):
    """The same photos under other names: a probe on the features decides, and goes by the mark too."""
    folder, network, _ = scanned("mark")
    labels = {
        path.relative_to(folder / "photos").as_posix(): f"my {path.parent.name}"
        for path in (folder / "photos").rglob("*.png")
    }
    index = cw.scan(network, folder / "photos", folder / "renamed", labels=labels, engine="serial")
    found = cw.audit(index, network=network, most=40, mistakes=2)
    assert (found.suspects[0].label, found.suspects[0].kind) == ("my star", "mark")
    assert {one.label for one in found.suspects} == {"my star"}
    assert "linear probe" in found.report.to_html()


@pytest.mark.slow
def test_given_masks_are_the_objects(scanned, tmp_path):
    """Masks that call the corner with the mark the object: then the mark lies inside, and is no suspect."""
    folder, network, index = scanned("mark")
    for path in (folder / "photos").rglob("*.png"):
        mask = np.zeros((64, 64), np.uint8)
        mask[8:, 8:] = 255
        target = tmp_path / "masks" / path.relative_to(folder / "photos")
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(target)
    found = cw.audit(index, network=network, objects=tmp_path / "masks", most=20, mistakes=0)
    assert not [one for one in found.suspects if one.kind == "mark"]
    assert {round(one.area, 2) for one in found.labels} == {round(1 - 56 * 56 / 64**2, 2)}

    Image.fromarray(np.zeros((10, 20), np.uint8)).save(next((tmp_path / "masks" / "fish").glob("*.png")))
    with pytest.raises(BadSetting, match="a mask has the size of its photo"):
        cw.audit(index, network=network, objects=tmp_path / "masks")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSetting, match="no mask with the name of a photo"):
        cw.audit(index, network=network, objects=tmp_path / "empty")
    with pytest.raises(BadSetting, match="folder of masks"):
        cw.audit(index, network=network, objects=tmp_path / "nowhere")


def small(tmp_path, module, labels=("a", "b"), each=8):
    """Scan a few photos of noise with a network."""
    source = np.random.default_rng(0)
    for label in labels:
        (tmp_path / "photos" / label).mkdir(parents=True)
        for k in range(each):
            pixels = source.integers(0, 256, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / label / f"{k}.png")
    network = cw.Network(module, cw.Preprocessing(size=16, fit="exact"))
    return network, cw.scan(network, tmp_path / "photos", tmp_path / "index", engine="serial")


def test_wrong_input_is_told(tmp_path):
    net, index = small(tmp_path, torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU()), each=7)
    with pytest.raises(BadSetting, match="two labels of at least 8 photos each"):
        cw.audit(index, network=net)
    with pytest.raises(BadSetting, match="most must be at least 8"):
        cw.audit(index, network=net, most=3)
    other = cw.Network(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3)), cw.Preprocessing(size=16))
    with pytest.raises(BadIndex, match="was made with"):
        cw.audit(index, network=other)


def test_without_scikit_learn_the_extra_is_named(tmp_path, monkeypatch):
    net, index = small(tmp_path, torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU()))
    for name in ("sklearn", "sklearn.cluster", "sklearn.linear_model", "sklearn.model_selection"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(BadSetting, match=r'pip install "cutaway\[audit\]"'):
        cw.audit(index, network=net)


def test_a_network_without_maps_is_refused(tmp_path):
    net, index = small(
        tmp_path, torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(768, 8), torch.nn.ReLU())
    )
    with pytest.raises(cw.CutawayError) as told:
        cw.audit(index, network=net)
    assert "\n" not in str(told.value)


def test_photos_without_anything_to_find_make_a_report(tmp_path):
    net, index = small(tmp_path, torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU()))
    found = cw.audit(index, network=net)
    assert found.suspects == ()
    assert found.values.shape == (2, 3)
    found.save(tmp_path / "audit.png")


def test_command_takes_a_column_and_says_what_it_wrote(tmp_path, cutaway):
    source = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    rows = ["name,kind"]
    for k in range(16):
        pixels = source.integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{k}.png")
        rows.append(f"{k}.png,{'ab'[k % 2]}")
    (tmp_path / "photos.csv").write_text("\n".join(rows))
    (tmp_path / "mine.py").write_text(
        "import torch, cutaway as cw\n"
        "def build():\n"
        "    torch.manual_seed(0)\n"
        "    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2), torch.nn.ReLU())\n"
        "    return cw.Network(net, cw.Preprocessing(size=32, fit='exact'), name='mine')\n"
    )
    words = ["audit", "photos", "--labels", "photos.csv:kind", "--model", "mine.py:build", "--out", "out"]
    done = cutaway(*words, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["label"] for one in told["labels"]] == ["a", "b"]
    assert told["suspects"] == []
    assert {Path(one).suffix for one in told["outputs"]} == {".png", ".npz", ".html", ".json"}
    assert all((tmp_path / one).is_file() for one in told["outputs"])

    failed = cutaway("audit", "out/audit-index", cwd=tmp_path)
    assert failed.returncode != 0
    assert "Give it: --model" in failed.stderr
    assert "Traceback" not in failed.stderr
