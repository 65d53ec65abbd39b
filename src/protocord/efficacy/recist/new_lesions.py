"""New lesions: which of them are unequivocal, and on which day each was first seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from protocord.efficacy.recist.lesions import Sighting, TimePoint
from protocord.values import Reason


@dataclass(frozen=True, slots=True)
class NewLesion:
    """A lesion that is new beyond doubt: the set and day of its first appearance, and the rule that makes it new."""

    lesion: str
    visit: str
    on: date
    reason: Reason


def new_lesions(points: Sequence[TimePoint]) -> tuple[NewLesion, ...]:
    """This will return the lesions that are new, in order of first appearance (Eisenhauer 2009, section 4.3.5).

    Only an unequivocal lesion counts; an equivocal one that a later set confirms counts from its first appearance. One that
    turned out not to be new, or that was equivocal and went away, starts again. FDG-PET: positive where it was negative at
    baseline is new; without that baseline it is new only as a new site on CT, dated by the first positive scan.
    """
    first: dict[str, tuple[TimePoint, Sighting]] = {}
    found: dict[str, NewLesion] = {}
    for point in points:
        for sighting in sorted(point.sightings, key=lambda seen: seen.on):
            name = sighting.lesion
            if name in found:
                continue
            if sighting.certainty in {"not_new", "gone"} or _known_on_ct(sighting):
                first.pop(name, None)
                continue
            appeared = first.setdefault(name, (point, sighting))
            if (kind := _proof(sighting)) is not None:
                later = appeared[1] is not sighting
                kind = "recist_new_confirmed_later" if later else kind
                reason = Reason.of(kind, lesion=name, date=appeared[1].on, confirmed=sighting.on)
                found[name] = NewLesion(name, appeared[0].visit, appeared[1].on, reason)
    return tuple(sorted(found.values(), key=lambda lesion: (lesion.on, lesion.lesion)))


def _known_on_ct(sighting: Sighting) -> bool:
    """Uptake at a site that CT shows unchanged is no new lesion, unless PET was negative there at baseline."""
    return sighting.method == "fdg_pet" and sighting.on_ct == "known_site" and sighting.pet_baseline != "negative"


def _proof(sighting: Sighting) -> str | None:
    if sighting.certainty != "unequivocal":
        return None
    if sighting.method != "fdg_pet":
        return "recist_new_unequivocal"
    if sighting.pet_baseline == "negative":
        return "recist_new_pet_negative_before"
    return "recist_new_pet_new_site" if sighting.on_ct == "new_site" else None
