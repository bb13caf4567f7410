"""What labels are told by that is not the object: what was tried, what counts, and how it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutaway.network.progress import report
from cutaway.recipes.evidence import Evidence
from cutaway.recipes.judge import Judge
from cutaway.recipes.patterns import Pattern
from cutaway.recipes.trials import Bench, Tried

__all__ = ["TURNED", "Suspect", "suspects"]

# A pattern is tried where at least this share of its label's photos has it, at most that of the others, and it lies
# outside the object by this much.
_SHARE, _ELSEWHERE, _OUTSIDE = 0.25, 0.34, 0.5
# Patterns nearer than this part of the image are one; one that takes more than this part of it is no mark or thing.
_APART, _BROAD = 0.15, 0.3
# What makes this share of other photos the label's, and of its own no longer so when taken away, is a suspect: both
# more than the same from elsewhere does, and so seldom by luck, over all that is tried.
TURNED, _LOST, _LUCK = 0.2, 0.15, 0.01
# The two shares together, of 2: less is what a network with little to go by does with any background.
_BOTH = 0.9
# A part of the background that does this much of what the whole does is named in its place.
_ALONE = 0.7


@dataclass(frozen=True)
class Suspect:
    """Something beside the object that a label seems to be told by.

    Args:
        label: that is told by it.
        kind: "background", "mark" (at one place of the photo) or "thing" (beside the object, anywhere).
        words: what was found, in plain words.
        share: of the label's photos whose evidence lies there, 0..1.
        elsewhere: share of the other labels' photos that have the like, 0..1; NaN for a background.
        outside: share of its evidence that lies outside the object.
        turned: share of other labels' photos that are decided to be of this label once it is put into them.
        chance: the same share where what was put in came from other labels.
        kept: share of the label's photos that still are once it is taken away.
        spared: the same share where as much was changed, but it was left.
        tried: the photos that it was tried on.
        pattern: the pieces of evidence, where it is one.
    """

    label: str
    kind: str
    words: str
    share: float
    elsewhere: float
    outside: float
    turned: float
    chance: float
    kept: float
    spared: float
    tried: Tried
    pattern: Pattern | None

    @property
    def what(self) -> str:
        """Name it in words."""
        if self.pattern is None:
            return "its background"
        where = f"a mark at the {place_in_words(*self.pattern.middle)}"
        return where if self.kind == "mark" else "a thing beside the object"

    @property
    def weight(self) -> float:
        """How many photos it turns and loses, more than chance: what suspects are ordered by."""
        return self.turned - self.chance + self.spared - self.kept

    def told(self) -> dict[str, object]:
        """Write it for a machine."""
        figures = ("share", "elsewhere", "outside", "turned", "chance", "kept", "spared")
        told: dict[str, object] = {"label": self.label, "kind": self.kind, "words": self.words}
        for name in figures:  # JSON has no NaN
            value = getattr(self, name)
            told[name] = None if np.isnan(value) else value
        return told


def suspects(
    judge: Judge, bench: Bench, evidence: Sequence[Evidence], found: Sequence[Pattern]
) -> list[Suspect]:
    """Try each label's background, and each pattern beside the object, on photos of other labels.

    Args:
        judge: that decides.
        bench: where it is tried.
        evidence: of photos of all labels.
        found: the patterns of it.

    Returns:
        Those that turn other photos, and without which the label's own are lost, the strongest first.
    """
    likely = [pattern for pattern in _joined(found) if _likely(pattern, bench)]
    luck = _LUCK / (len(judge.labels) + len(likely))
    named: list[Suspect] = []
    for label, name in enumerate(judge.labels):
        beside = [pattern for pattern in likely if pattern.label == label]
        own = [
            _pattern(name, label, pattern, tried)
            for pattern in beside
            if (tried := bench.pattern(pattern)) is not None and _counts(tried, label, luck)
        ]
        ground = bench.background(label)
        if ground is not None and _counts(ground, label, luck):
            # The background holds what lies in it: it is named only where no part of it does about as much alone.
            whole = _background(name, label, ground, evidence)
            if all(one.weight < _ALONE * whole.weight for one in own):
                own = [whole]
        named += own
        report("labels", label + 1, len(judge.labels))
    return _lasting(sorted(named, key=lambda one: -one.weight), judge, bench, luck)


def _likely(pattern: Pattern, bench: Bench) -> bool:
    known = pattern.share >= _SHARE and pattern.elsewhere <= _ELSEWHERE
    # Where no object was found, outside is NaN, and nothing likely.
    return known and pattern.outside >= _OUTSIDE and bench.breadth(pattern) <= _BROAD


def _joined(found: Sequence[Pattern]) -> list[Pattern]:
    """Take patterns of a label that lie at the same place for one: the parts of one mark."""
    left: list[Pattern] = []
    for pattern in sorted(found, key=lambda one: -one.share):
        for k, other in enumerate(left):
            apart = max(abs(a - b) for a, b in zip(pattern.middle, other.middle, strict=True))
            alike = pattern.label == other.label and pattern.fixed and other.fixed
            if alike and apart <= _APART:
                left[k] = replace(other, members=other.members + pattern.members)
                break
        else:
            left.append(pattern)
    return left


def _counts(tried: Tried, label: int, luck: float) -> bool:
    turned, lost = tried.turned(label), tried.lost(label)
    enough = turned >= TURNED and lost >= _LOST and turned + lost >= _BOTH
    return enough and tried.luck(label) <= luck and (tried.opposite is None or tried.local(label))


def _lasting(found: Sequence[Suspect], judge: Judge, bench: Bench, luck: float) -> list[Suspect]:
    """Leave out what was only the other side of a stronger suspect: it must do as much without the labels of those."""
    kept: list[Suspect] = []
    for one in found:
        label = judge.labels.index(one.label)
        barred = {judge.labels.index(other.label) for other in kept} - {label}
        if barred and len(judge.labels) - len(barred) > 1:
            again = (
                bench.background(label, barred=barred)
                if one.pattern is None
                else bench.pattern(one.pattern, barred)
            )
            if again is None or not _counts(again, label, luck):
                continue
        kept.append(one)
    return kept


def _background(name: str, label: int, tried: Tried, evidence: Sequence[Evidence]) -> Suspect:
    places = [one.outside for one in evidence if one.label == label and not np.isnan(one.outside)]
    outside = float(np.mean(places)) if places else np.nan
    turned, chance, kept, spared = _shares(tried, label)
    words = (
        f"{name} seems to be told by its background. Other things put on backgrounds of {name}: {turned:.0%} are taken "
        f"for {name} (on other backgrounds {chance:.0%}). {name} put on backgrounds of others: {kept:.0%} are still "
        f"{name} (on others of its own {spared:.0%})."
    )
    figures = outside, turned, chance, kept, spared
    return Suspect(name, "background", words, 1.0, np.nan, *figures, tried, None)


def _pattern(name: str, label: int, pattern: Pattern, tried: Tried) -> Suspect:
    turned, chance, kept, spared = _shares(tried, label)
    figures = pattern.share, pattern.elsewhere, pattern.outside, turned, chance, kept, spared
    found = Suspect(name, "mark" if pattern.fixed else "thing", "", *figures, tried, pattern)
    words = (
        f"{name} seems to be told by {found.what}. {pattern.share:.0%} of its photos have evidence there, "
        f"{pattern.elsewhere:.0%} of the others have the like. Put into photos of others, it makes {turned:.0%} of "
        f"them {name} (what others have at that place {chance:.0%}). {name} without it: {kept:.0%} are still {name} "
        f"(with as much taken elsewhere {spared:.0%})."
    )
    return replace(found, words=words)


def _shares(tried: Tried, label: int) -> tuple[float, float, float, float]:
    trials = tried.given, tried.control, tried.taken, tried.spared
    given, control, taken, spared = (trial.share(label) for trial in trials)
    return given, control, taken, spared


def place_in_words(y: float, x: float) -> str:
    """Name a place of a photo, from its shares of height and width.

    >>> place_in_words(0.9, 0.8), place_in_words(0.5, 0.5), place_in_words(0.1, 0.5)
    ('bottom right', 'middle', 'top')
    """
    down = ("top", "", "bottom")[min(2, int(3 * y))]
    across = ("left", "", "right")[min(2, int(3 * x))]
    return " ".join(filter(None, [down, across])) or "middle"
