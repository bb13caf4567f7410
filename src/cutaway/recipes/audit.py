"""What labels are told by over a whole data set, and whether it is the object."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool
from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.learning import scikit_learn
from cutaway.errors import BadSetting
from cutaway.images.read import read
from cutaway.network.network import Network
from cutaway.recipes.audit_sheets import labels_sheet, mistakes_sheet, suspect_sheet
from cutaway.recipes.audited import Audit, AuditedLabel, Mistake
from cutaway.recipes.evidence import Evidence, Objects, gathered
from cutaway.recipes.judge import Judge
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.patches import indexed
from cutaway.recipes.patterns import Pattern, patterns
from cutaway.recipes.scanned_network import scanned_network
from cutaway.recipes.suspects import TURNED, Suspect, suspects
from cutaway.recipes.trials import Bench
from cutaway.view.album import Album
from cutaway.view.foreground import SIDE
from cutaway.view.picture import Picture
from cutaway.view.table import Table
from cutaway.view.viewable import Viewable

__all__ = ["Audit", "AuditedLabel", "Mistake", "audit"]

# A label needs so many photos to be looked at; so many labels are drawn in the report.
FEWEST, DRAWN = 8, 12
CLEAN = (
    "No background, and nothing beside the objects, turns many photos of other labels and loses many of its own. "
    "That holds for what is tried here; a shortcut that lies in the object itself is not."
)


def audit(
    index: ActivationIndex | str | os.PathLike[str],
    *,
    network: Network | str | nn.Module | None = None,
    objects: str | os.PathLike[str] | None = None,
    most: int = 100,
    mistakes: int = 12,
    seed: int = 0,
) -> Audit:
    """Look for what labels are told by that is not the object: a background, a watermark, a thing beside it.

    For each label it is found where the evidence lies, and which pieces of it are alike. Then it is tried: other
    labels' objects on the label's backgrounds, and pieces from beside its objects put into other labels' photos; and
    both taken away. What turns others' photos, and loses its own, is a suspect. The network decides where the labels
    are its classes; else a linear probe on the features that its classifier reads, by rules that have not seen the
    photos.

    Args:
        index: that `scan` made of photos with labels, or its folder.
        network: of the scan, where its name does not open it.
        objects: a folder of masks, bright where the object is, named and sized as the photos; without one the object
            is guessed from each photo.
        most: photos looked at of each label.
        mistakes: how many the report shows.
        seed: for the choice of photos.

    Returns:
        An Audit: `.suspects`, the strongest first, each with `.label`, `.words` and its figures.

    Raises:
        BadImage, BadIndex, BadSetting, UnsupportedMethod: with what to do instead.

    Source: for the question Lapuschkin et al., "Unmasking Clever Hans predictors", Nature Communications 2019; for
    the exchange of backgrounds Xiao et al., "Noise or signal", ICLR 2021.

    >>> audit("nowhere")
    Traceback (most recent call last):
    cutaway.errors.BadIndex: nowhere is no index...
    """
    opened = indexed(index)
    if most < FEWEST:
        raise BadSetting(f"most must be at least {FEWEST}, the photos that a label needs, got {most}")
    scikit_learn()  # that it is missing is said before anything is computed
    model = scanned_network(opened, network)
    names, photos, told = _chosen(opened, most)
    find = None if objects is None else _masks(opened, model, Path(objects), photos)
    judge = Judge.of(model, opened, names, photos)
    evidence, method = gathered(judge, opened, photos, find)
    found = patterns(judge, opened, evidence, method, seed)
    named = suspects(judge, Bench(judge, opened, evidence, seed, TURNED), evidence, found)
    labels = [_label(name, place, evidence, found) for place, name in enumerate(names)]
    wrong = [one for one in evidence if one.decided != one.label]
    how = "as given" if objects is not None else "guessed from the photo alone"
    notes = [f"{judge.told}. Evidence by {type(method).__name__}; objects {how}.", *told]
    pages: list[Viewable] = [suspect_sheet(judge, opened, evidence, method, one) for one in named]
    pages.append(_table(labels, named, [*([] if named else [CLEAN]), *notes]))
    first = sorted(labels, key=lambda one: one.label not in {suspect.label for suspect in named})
    pages.append(labels_sheet(opened, evidence, names, first[:DRAWN]))
    if wrong and mistakes:
        pages.append(mistakes_sheet(judge, opened, wrong[:mistakes], len(wrong)))
    code = spelled(
        audit,
        repr(str(opened.folder)),
        objects=None if objects is None else os.fspath(objects),
        most=most,
        mistakes=mistakes,
        seed=seed,
    )
    if network_spelled(model) == "network":
        code = f"{code[:-1]}, network=network)"
    count = f"{len(named)} suspect{'s' if len(named) != 1 else ''}" if named else "no suspect"
    title = f"{count} in {len(photos):,} photos of {len(names)} labels, by {model.name}"
    return Audit(
        tuple(named),
        tuple(labels),
        tuple(Mistake(opened.path(o.photo), names[o.label], names[o.decided]) for o in wrong),
        Album(tuple(pages), title=title[0].upper() + title[1:]),
        "\n".join([one.words for one in named] or [CLEAN]),
        origin(model, code, method=repr(method), seed=seed)
        | {"index": str(opened.folder), "suspects": [one.told() for one in named]},
    )


def _chosen(index: ActivationIndex, most: int) -> tuple[list[str], list[int], list[str]]:
    """Choose labels with enough photos, evenly spaced photos of each, and say what was left out."""
    held: dict[str, list[int]] = {}
    for photo in np.flatnonzero(index.present).tolist():
        label = index.labels[photo]
        if label is not None:
            held.setdefault(label, []).append(photo)
    names = sorted(label for label, own in held.items() if len(own) >= FEWEST)
    if len(names) < 2:
        raise BadSetting(
            f"an audit needs two labels of at least {FEWEST} photos each; {index.folder} has {len(names)}. "
            "Scan with labels: from folders, each named for what is in it, or --labels photos.csv:COLUMN"
        )
    few = sorted(label for label in held if label not in names)
    told = [f"Left out, with fewer than {FEWEST} photos: {', '.join(few)}."] if few else []
    photos = []
    for name in names:
        own = held[name]
        places = np.linspace(0, len(own) - 1, min(most, len(own))).round().astype(int)
        photos += [own[place] for place in np.unique(places)]
    return names, photos, told


def _masks(index: ActivationIndex, network: Network, folder: Path, photos: Sequence[int]) -> Objects:
    """Read objects from a folder of masks with the photos' names."""
    if not folder.is_dir():
        raise BadSetting(f"objects takes a folder of masks, got {os.fspath(folder)!r}, which is none")
    there = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.*")}
    names = {photo: Path(index.names[photo]).with_suffix("").as_posix() for photo in photos}
    if not any(name in there for name in names.values()):
        raise BadSetting(
            f"{folder} has no mask with the name of a photo: the mask of {index.names[photos[0]]} is looked for as "
            f"{names[photos[0]]}.png (or another picture's ending) in it"
        )

    def find(photo: int, _: Picture) -> Bool[np.ndarray, "64 64"] | None:
        path = there.get(names[photo])
        if path is None:
            return None
        mask = read(path)
        size = index.place(photo).photo_size
        if mask.size != size:
            raise BadSetting(
                f"{path} is {mask.size[0]} × {mask.size[1]}, its photo {size[0]} × {size[1]} (height × width): "
                "a mask has the size of its photo"
            )
        assert network.preprocessing is not None
        (seen,) = network.preprocessing.show(network.prepare(mask))
        found = np.asarray(seen.gray().resized((SIDE, SIDE)).pixels[..., 0] > 127)
        return found if found.any() else None

    return find


def _label(name: str, place: int, evidence: Sequence[Evidence], found: Sequence[Pattern]) -> AuditedLabel:
    own = [one for one in evidence if one.label == place]
    seen = [one.seen for one in own if one.seen is not None]
    outside = [one.outside for one in own if not np.isnan(one.outside)]
    areas = [1 - float(one.object.mean()) for one in own if one.object is not None]
    return AuditedLabel(
        name,
        len(own),
        float(np.mean([one.decided == place for one in own])),
        float(np.mean(outside)) if outside else np.nan,
        float(np.mean(areas)) if areas else np.nan,
        np.mean(seen, 0) if seen else np.zeros((SIDE, SIDE)),
        tuple(pattern for pattern in found if pattern.label == place),
    )


def _table(labels: Sequence[AuditedLabel], named: Sequence[Suspect], notes: Sequence[str]) -> Table:
    kinds = {label.label: [one.kind for one in named if one.label == label.label] for label in labels}
    rows = tuple(
        (
            one.label,
            one.photos,
            f"{one.right:.0%}",
            "" if np.isnan(one.outside) else f"{one.outside:.0%}",
            "" if np.isnan(one.area) else f"{one.area:.0%}",
            ", ".join(kinds[one.label]),
        )
        for one in labels
    )
    columns = (
        "label",
        "photos",
        "decided right",
        "evidence outside object",
        "image outside object",
        "suspect",
    )
    return Table(columns, rows, title="All labels", notes=tuple(notes))
