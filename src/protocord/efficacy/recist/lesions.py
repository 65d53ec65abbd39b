"""Lesions, what a set of scans says of them, and whether they were chosen at baseline as RECIST 1.1 demands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from protocord.errors import Problem
from protocord.protocol.document.efficacy import Measurable, TumourResponse
from protocord.tables import problem

State = Literal["measured", "absent", "too_small", "present", "merged", "not_evaluable"]
Certainty = Literal["equivocal", "unequivocal", "not_new", "gone"]

# Eisenhauer 2009, section 3.1.2: truly non-measurable. A cystic metastasis may be measured; a simple cyst is no lesion.
NEVER_MEASURABLE = frozenset({"bone_blastic", "leptomeningeal", "effusion", "lymphangitis", "simple_cyst"})
_SIDES = re.compile(r"\b(?:left|right|bilateral)\b|左|右|双|侧", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lesion:
    """A lesion chosen at baseline. `row` is its row in the table that it came from, 0 where it came from none."""

    id: str
    organ: str = ""
    target: bool = True
    nodal: bool = False
    method: str = "ct"
    slice_mm: Decimal | None = None
    nature: str = "solid"
    irradiated: bool = False
    progressed_since: bool = False
    row: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one scan says of one lesion, or of one fragment of it. `mm` is the longest diameter, of a node the short axis."""

    lesion: str
    on: date
    state: State
    mm: Decimal | None = None
    into: str | None = None
    reason: str | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one scan says of a lesion that was not there at baseline."""

    lesion: str
    on: date
    certainty: Certainty
    method: str = "ct"
    pet_baseline: str | None = None
    on_ct: str | None = None
    mm: Decimal | None = None
    grown: bool | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class TimePoint:
    """One set of scans read together. `on` is the day of the scans on which non-target and new disease were read."""

    visit: str
    on: date
    measurements: tuple[Measurement, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    evaluable: bool = True
    non_target_progression: bool | None = None
    non_target_growth: bool = False
    markers: str | None = None
    row: int = 0

    @property
    def days(self) -> tuple[date, ...]:
        """Every day on which something of the set was scanned, in order."""
        return tuple(sorted({self.on, *(found.on for found in self.measurements), *(found.on for found in self.sightings)}))


@dataclass(frozen=True, slots=True)
class Tumour:
    """A child's lesions, the baseline set and the sets after it, in order of time."""

    subject: str
    lesions: tuple[Lesion, ...]
    baseline: TimePoint | None
    later: tuple[TimePoint, ...] = ()

    @property
    def targets(self) -> tuple[Lesion, ...]:
        """The target lesions."""
        return tuple(lesion for lesion in self.lesions if lesion.target)

    @property
    def non_targets(self) -> tuple[Lesion, ...]:
        """The non-target lesions."""
        return tuple(lesion for lesion in self.lesions if not lesion.target)


def organ_of(lesion: Lesion) -> str:
    """This will return the organ that a lesion counts towards: all nodes are one, and left and right of a pair are one.

    Eisenhauer 2009, section 3.1.3 and appendix II (paired organs); nodes as one organ is the reading of the RECIST group's
    frequently asked questions (Schwartz 2016, EJC 62:138).

    >>> organ_of(Lesion("T1", organ="Left lung")), organ_of(Lesion("T2", organ="lung, right"))
    ('lung', 'lung')
    """
    if lesion.nodal:
        return "lymph nodes"
    return " ".join(_SIDES.sub(" ", lesion.organ.lower()).replace(",", " ").split())


def selection_problems(tumour: Tumour, rules: TumourResponse, *, file: str = "lesions") -> Iterator[Problem]:
    """This will find what RECIST 1.1 forbids in the choice of a child's lesions, each named by its row in the table of lesions.

    At most `targets.at_most` targets and `targets.per_organ` in an organ; each target measurable at baseline; no non-target
    node that is normal (Eisenhauer 2009, sections 3.1.1 to 3.1.4).
    """
    sizes = baseline_sizes(tumour.baseline)
    yield from _too_many(tumour, rules, file)
    for lesion in tumour.lesions:
        size = sizes.get(lesion.id)
        if lesion.target:
            yield from _not_measurable(tumour.subject, lesion, size, rules.measurable, file)
        elif lesion.nature == "simple_cyst":
            yield problem(file, lesion.row, "nature", f"{_named(tumour, lesion)}: a simple cyst is no lesion.", "Remove it.")
        elif lesion.nodal and size is not None and size < rules.measurable.node_normal_below_mm:
            normal = rules.measurable.node_normal_below_mm
            what = f"{_named(tumour, lesion)}: a node of {size} mm is normal (below {normal} mm)."
            yield problem(file, lesion.row, "nodal", what, "Remove it.")


def _named(tumour: Tumour, lesion: Lesion) -> str:
    return f"{tumour.subject}, lesion {lesion.id}"


def _too_many(tumour: Tumour, rules: TumourResponse, file: str) -> Iterator[Problem]:
    allowed = rules.targets
    for lesion in tumour.targets[allowed.at_most :]:
        what = f"{_named(tumour, lesion)} is target number {tumour.targets.index(lesion) + 1}; {allowed.at_most} are allowed."
        yield problem(file, lesion.row, "class", what, "Follow it as non-target.")
    by_organ: dict[str, int] = {}
    for lesion in tumour.targets:
        organ = organ_of(lesion)
        by_organ[organ] = by_organ.get(organ, 0) + 1
        if by_organ[organ] > allowed.per_organ:
            what = f"{_named(tumour, lesion)} is target number {by_organ[organ]} in {organ or 'its organ'}; {allowed.per_organ} are allowed."
            yield problem(file, lesion.row, "organ", what, "Follow it as non-target.")


def least_size(lesion: Lesion, measurable: Measurable) -> Decimal:
    """This will return the smallest size in mm at which a lesion is measurable, by its method (Eisenhauer 2009, section 3.1.1).

    CT and MRI: the limit holds up to the document's slice thickness; with thicker slices it is twice the slice.
    """
    thick = lesion.slice_mm is not None and lesion.slice_mm > measurable.slice_mm
    if lesion.nodal:
        least = measurable.node_short_axis_mm
    elif lesion.method == "calliper":
        return measurable.calliper_mm
    elif lesion.method == "chest_xray":
        return measurable.chest_xray_mm
    else:
        least = measurable.longest_mm
    return max(least, 2 * lesion.slice_mm) if thick and lesion.slice_mm is not None else least


def _not_measurable(subject: str, lesion: Lesion, size: Decimal | None, measurable: Measurable, file: str) -> Iterator[Problem]:
    remedy = "Follow it as non-target."
    who = f"{subject}, lesion {lesion.id}"
    if size is None:
        return  # refused where the tables are read: without it there is no sum
    if lesion.nature in NEVER_MEASURABLE:
        yield problem(file, lesion.row, "nature", f"{who}: {lesion.nature} is never measurable.", remedy)
    if lesion.method == "other":
        yield problem(file, lesion.row, "method", f"{who}: nothing is measurable by another method.", remedy)
    if lesion.irradiated and not lesion.progressed_since:
        yield problem(file, lesion.row, "irradiated", f"{who} was irradiated and has not progressed since.", remedy)
    if size < (least := least_size(lesion, measurable)):
        yield problem(file, lesion.row, "lesion", f"{who}: {size} mm at baseline; measurable from {least} mm.", remedy)


def baseline_sizes(baseline: TimePoint | None) -> Mapping[str, Decimal]:
    """This will return the size in mm of each lesion that was measured at baseline; fragments add up."""
    found: dict[str, Decimal] = {}
    for measured in baseline.measurements if baseline else ():
        if measured.mm is not None:
            found[measured.lesion] = found.get(measured.lesion, Decimal(0)) + measured.mm
    return found


def in_order(points: Iterable[TimePoint]) -> tuple[TimePoint, ...]:
    """This will return sets of scans in order of their last day."""
    return tuple(sorted(points, key=lambda point: (point.days[-1], point.on, point.visit)))


def split_at(points: Sequence[TimePoint], day_1: date) -> tuple[TimePoint | None, tuple[TimePoint, ...]]:
    """This will return the baseline, which is the last set wholly scanned on or before day 1, and the sets that end after day 1."""
    ordered = in_order(points)
    before = [point for point in ordered if point.days[-1] <= day_1]
    return (before[-1] if before else None), tuple(point for point in ordered if point.days[-1] > day_1)
