"""The sheets of an audit's report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.attribution.attribution import Attribution, lattice_of
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.recipes.audited import AuditedLabel
from cutaway.recipes.evidence import Evidence, prepared
from cutaway.recipes.judge import Judge
from cutaway.recipes.patches import photo_of
from cutaway.recipes.patterns import Pattern
from cutaway.recipes.suspects import Suspect
from cutaway.recipes.trials import Trial
from cutaway.view.foreground import SIDE
from cutaway.view.grid import Grid
from cutaway.view.heatmap import Heatmap
from cutaway.view.mask import Box
from cutaway.view.mosaic import mosaic
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement
from cutaway.view.scale import Range
from cutaway.view.viewable import Viewable

__all__ = ["labels_sheet", "mistakes_sheet", "suspect_sheet"]

TILE, CROP = 160, 56
_ACROSS = 6
# A piece is shown with no less than this part of the image around it.
_LEAST = 0.3


def suspect_sheet(
    judge: Judge,
    index: ActivationIndex,
    evidence: Sequence[Evidence],
    method: Attribution,
    suspect: Suspect,
) -> Grid:
    """Show a suspect: photos of the label, where their evidence lies, and what becomes of changed photos."""
    name, of = suspect.label, {one.photo: one for one in evidence}
    own = [of[photo] for photo in suspect.tried.taken.photos[:_ACROSS]]
    given, taken = suspect.tried.given, suspect.tried.taken
    ground = suspect.pattern is None
    return Grid(
        rows=(
            tuple(_titled(photo_of(index.path(one.photo)), index.path(one.photo).name) for one in own),
            tuple(_map(judge, index, method, one) for one in own),
            _changed(judge, taken),
            _changed(judge, given),
        ),
        row_titles=(
            f"photos of {name}",
            f"evidence for {name}",
            f"{name} on backgrounds of others: {suspect.kept:.0%} still {name}"
            if ground
            else f"the same without it: {suspect.kept:.0%} still {name}",
            f"others on backgrounds of {name}: {suspect.turned:.0%} become {name}"
            if ground
            else f"others with it: {suspect.turned:.0%} become {name}",
        ),
        title=f"{name} seems to be told by {suspect.what}",
        caption=suspect.words,
    )


def labels_sheet(
    index: ActivationIndex, evidence: Sequence[Evidence], names: Sequence[str], labels: Sequence[AuditedLabel]
) -> Grid:
    """Show for each label the mean of the evidence on the mean photo, and pieces of the evidence that are alike."""
    scale = Range(0.0, max(float(one.evidence.max()) * SIDE**2 for one in labels) or 1.0, "common")
    rows: list[tuple[Viewable | None, ...]] = []
    for one in labels:
        pixels = [piece.pixels for piece in evidence if names[piece.label] == one.label]
        photo = Picture(np.mean(pixels, 0).round().astype(np.uint8)).resized((TILE, TILE))
        where = "" if np.isnan(one.outside) else f"\n{one.outside:.0%} outside the object"
        mean = Heatmap(
            one.evidence * SIDE**2,
            photo=photo,
            placement=Placement.stretched(one.evidence.shape, photo.size),
            caption=f"mean evidence{where}",
            scale=scale,
        )
        rows.append((mean, *(_alike(index, evidence, found) for found in _by_share(one.patterns))))
    return Grid(
        rows=tuple(rows),
        row_titles=tuple(one.label for one in labels),
        title="Where the evidence lies, and pieces of it that are alike",
        caption="Mean evidence: 1 is what each part would have if it were spread evenly. The object is a guess unless "
        "masks were given; under each kind of piece: in how many photos of the label, and of the others, it is found.",
    )


def _by_share(found: Sequence[Pattern]) -> list[Pattern]:
    return sorted(found, key=lambda one: -one.share)


def _alike(index: ActivationIndex, evidence: Sequence[Evidence], found: Pattern) -> Picture:
    first: dict[int, Box] = {}
    for place, piece in found.members:
        first.setdefault(place, piece.box)
    pieces = [_cut(index, evidence[place].photo, box) for place, box in list(first.items())[:9]]
    words = f"in {found.share:.0%} of its photos\nin {found.elsewhere:.0%} of the others"
    if not np.isnan(found.outside):
        words += f"\n{found.outside:.0%} outside the object"
    return mosaic(pieces, 3, CROP, caption=words)


def mistakes_sheet(judge: Judge, index: ActivationIndex, wrong: Sequence[Evidence], count: int) -> Grid:
    """Show photos that were decided wrong, with the evidence for the true and for the decided label."""
    rows: list[tuple[Viewable | None, ...]] = []
    for one in wrong:
        images = prepared(judge.network, index, [one.photo] * 2)
        maps, lattice, _ = judge.evidence(images, [one.label, one.decided])
        values = maps.cpu().numpy()
        scale = Range(0.0, max(float(values.max()), 1e-12), "row")
        photo, place = _enlarged(photo_of(index.path(one.photo)), index.place(one.photo).placement(lattice))
        cells: list[Viewable] = [Picture(photo.pixels, index.path(one.photo).name)]
        for which, label, drawn in zip(("true", "decided"), (one.label, one.decided), values, strict=True):
            caption = f"{which}: {judge.labels[label]}"
            cells.append(Heatmap(drawn.clip(0), photo=photo, placement=place, caption=caption, scale=scale))
        rows.append(tuple(cells))
    columns = 2
    paired = [
        tuple(cell for row in rows[k : k + columns] for cell in row) for k in range(0, len(rows), columns)
    ]
    shown = f", {len(wrong)} of them here" if count > len(wrong) else ""
    return Grid(
        rows=tuple(paired),
        title=f"{count} photo{'s' if count != 1 else ''} decided wrong{shown}",
        caption="Each beside its evidence for the true and for the decided label, both on one scale.",
    )


def _map(judge: Judge, index: ActivationIndex, method: Attribution, one: Evidence) -> Heatmap:
    images = prepared(judge.network, index, [one.photo])
    _, lattice = lattice_of(method, judge.network, images)
    assert lattice is not None
    photo = photo_of(index.path(one.photo))
    large, placement = _enlarged(photo, index.place(one.photo).placement(lattice))
    caption = "" if np.isnan(one.outside) else f"{one.outside:.0%} outside the object"
    return Heatmap(one.values.clip(0), photo=large, placement=placement, caption=caption, colorbar=False)


def _changed(judge: Judge, trial: Trial) -> tuple[Viewable, ...]:
    assert judge.network.preprocessing is not None
    shown = judge.network.preprocessing.show(trial.images)
    return tuple(
        _titled(
            picture,
            f"{judge.labels[before]} → {judge.labels[after]}"
            if before != after
            else f"still {judge.labels[after]}",
        )
        for picture, before, after in zip(
            shown, trial.before[: len(shown)], trial.after[: len(shown)], strict=True
        )
    )


def _titled(picture: Picture, caption: str) -> Picture:
    return Picture(picture.resized(_tile(picture)).pixels, caption)


def _enlarged(photo: Picture, placement: Placement) -> tuple[Picture, Placement]:
    size = _tile(photo)
    return photo.resized(size), placement.scaled((size[0] / photo.size[0], size[1] / photo.size[1]))


def _tile(picture: Picture) -> tuple[int, int]:
    zoom = TILE / max(picture.size)
    h, w = picture.size
    return max(1, round(h * zoom)), max(1, round(w * zoom))


def _cut(index: ActivationIndex, photo: int, box: tuple[int, int, int, int]) -> Picture:
    """Cut a square piece out of its photo, with enough around it to tell what it is."""
    side = max(box[2] - box[0], box[3] - box[1], round(_LEAST * min(index.image_size)))
    sides = []
    for start, stop, most in zip(box[:2], box[2:], index.image_size, strict=True):
        length = min(most, side)
        begin = min(max(0, (start + stop - length) // 2), most - length)
        sides.append((begin, begin + length))
    (top, bottom), (left, right) = sides
    return photo_of(index.path(photo)).cropped(index.place(photo).box((top, left, bottom, right)))
