"""protocord.safety.scales.infusion_reaction: the window after the infusion, against CRS."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocord.safety.moments import Moment
from protocord.safety.scales import reaction_coding

START, END, WINDOW = Moment.parse("2025-06-09T10:00"), Moment.parse("2025-06-09T10:30"), timedelta(hours=4)


def coding(onset: str | None, after: bool | None, criteria: bool | None = None) -> str | None:
    moment = Moment.parse(onset) if onset else None
    return reaction_coding(moment, START, END, WINDOW, crs_after_window=after, crs_criteria=criteria).coding


@pytest.mark.parametrize(
    ("onset", "after", "expected"),
    [
        ("2025-06-09T09:59", False, "before_infusion"),
        ("2025-06-09T10:00", False, "infusion_reaction"),
        ("2025-06-09T14:30", False, "infusion_reaction"),
        ("2025-06-09T14:30", True, "crs"),
        ("2025-06-09T14:31", True, "crs"),
        ("2025-06-09T14:31", False, "later"),
        ("2025-06-09T14:31", None, None),
        ("2025-06-09T12:00", None, None),
        ("2025-06-09T12:00", True, "crs"),
        ("2025-06-09", False, None),
        ("2025-06-09", True, None),
        ("2025-06-10", True, "crs"),
        ("2025-06-08", None, "before_infusion"),
    ],
)
def test_an_early_reaction_is_coded_by_the_window(onset: str, after: bool | None, expected: str | None) -> None:
    assert coding(onset, after) == expected


def test_after_the_window_the_criteria_of_crs_decide() -> None:
    assert coding("2025-06-09T20:00", False, True) == "crs"
    assert coding("2025-06-09T20:00", True, False) == "later"


def test_on_either_side_of_the_window_crs_beyond_it_is_crs() -> None:
    early = Moment.parse("2025-06-09T00:00")
    found = reaction_coding(Moment.parse("2025-06-09"), early, END, WINDOW, crs_after_window=True)
    assert found.coding == "crs"


def test_a_missing_time_is_named() -> None:
    found = reaction_coding(None, START, None, WINDOW, crs_after_window=False)
    assert found.coding is None
    assert [reason.particulars["what"] for reason in found.reasons] == ["scale_item_onset", "scale_item_infusion_end"]


def test_a_time_too_coarse_for_the_window_says_so() -> None:
    found = reaction_coding(Moment.parse("2025-06"), START, END, WINDOW, crs_after_window=False)
    assert [reason.kind for reason in found.reasons] == ["reaction_time_too_coarse"]
    unsaid = reaction_coding(Moment.parse("2025-06-09T12:00"), START, END, WINDOW, crs_after_window=None)
    assert unsaid.reasons[0].particulars["what"] == "scale_item_crs_after_window"
