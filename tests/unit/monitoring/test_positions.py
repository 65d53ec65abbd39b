"""Where a protocol's limits stand today.

Documents under test: protocord.monitor.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from protocord.errors import DocumentProblems
from protocord.monitor import (
    Count,
    WatchedLimit,
    bounds_results,
    count_events,
    limit_characteristics,
    position,
    position_results,
    positions,
    study_limits,
    watched,
)
from protocord.protocol import STUDIES, load
from protocord.protocol.document.limits import Limit
from protocord.tables import TableProblems
from protocord.words import say


@pytest.fixture(scope="module")
def limits() -> tuple[WatchedLimit, ...]:
    """The limits of the reference study."""
    return study_limits(load(STUDIES / "nct06848582"))


def _limit(**changes: Any) -> Limit:
    text = {"en": "a limit", "zh": "界限"}
    given: dict[str, Any] = {
        "id": "one", "text": text, "purpose": "safety", "counts": "dlt", "direction": "at_least",
        "rule": {"kind": "posterior", "prior": {"a": 0.5, "b": 1.5}, "rate": 0.25, "certainty": 0.9},
        "looks": {"first": 3, "last": 10}, "action": "stop", "in_words": text, "source": "convention", "citation": "here",
    }  # fmt: skip
    return Limit.model_validate(given | changes)


def test_the_printed_bounds_of_the_reference_study_are_those_of_its_rules(limits: tuple[WatchedLimit, ...]) -> None:
    assert [one.id for one in limits] == ["rule_a_dlt", "rule_b_related_death", "pause_at_death"]
    assert [one.differences for one in limits] == [(), (), ()]
    assert limits[0].follows is not None
    assert limits[0].boundary.bounds == limits[0].follows.bounds
    assert limits[2].every_event


def test_a_printed_bound_that_does_not_follow_is_named() -> None:
    printed = ({"subjects": 3, "events": 3}, {"subjects": 6, "events": 5}, {"subjects": 9, "events": 5})
    found = watched(_limit(bounds=printed), 10)
    assert [(one.look, one.printed, one.follows) for one in found.differences] == [(6, 5, 4), (7, 5, 4), (8, 5, 4)]
    assert say(found.differences[0].said(), "en") == "At 6 evaluable the protocol prints 5; from its rule follows 4."
    assert found.boundary.at(6) == 5, "what is printed is in force until the protocol is mended"
    assert found.boundary.criterion is None
    late = watched(_limit(bounds=({"subjects": 6, "events": 4},)), 10).differences
    assert say(late[0].said(), "zh") == "可评价3例时，方案未印界值；按其规则应为3。"
    rule = {"kind": "posterior", "prior": {"a": 0.5, "b": 30}, "rate": 0.25, "certainty": 0.99}
    none = watched(_limit(bounds=({"subjects": 3, "events": 3},), rule=rule), 10).differences
    assert say(none[0].said(), "en") == "At 3 evaluable the protocol prints 3; from its rule no bound follows."


@pytest.mark.parametrize(
    ("direction", "printed", "bound"),
    [("at_least", 4, 4), ("more_than", 3, 4), ("at_most", 1, 1), ("fewer_than", 2, 1), ("fewer_than", 0, None)],
)
def test_a_printed_number_is_read_with_its_direction(direction: str, printed: int, bound: int | None) -> None:
    rule = {"kind": "stages", "null_rate": 0.2, "alternative_rate": 0.4}
    found = watched(
        _limit(direction=direction, rule=rule, looks={"first": 6, "last": 6}, bounds=({"subjects": 6, "events": printed},)), 10
    )
    assert found.boundary.bounds == (bound,)
    assert found.boundary.direction == (">=" if direction in {"at_least", "more_than"} else "<=")
    assert found.follows is None


@pytest.mark.parametrize(
    ("rule", "direction", "bounds"),
    [
        ({"kind": "pocock", "rate": 0.2, "alpha": 0.05}, "at_least", (3, 4, 4, 5, 5, 5, 6, 6)),
        ({"kind": "obrien_fleming", "rate": 0.2, "alpha": 0.05}, "at_least", None),
        ({"kind": "wang_tsiatis", "rate": 0.2, "alpha": 0.05, "delta": 0.25}, "at_least", None),
        (
            {"kind": "sprt", "null_rate": 0.1, "alternative_rate": 0.3, "alpha": 0.05, "beta": 0.2},
            "at_least",
            (3, 3, 3, 4, 4, 4, 4, 4),
        ),
        (
            {"kind": "sprt", "null_rate": 0.1, "alternative_rate": 0.3, "alpha": 0.05, "beta": 0.2},
            "at_most",
            (None, None, None, None, 0, 0, 0, 0),
        ),
        (
            {"kind": "predictive", "prior": {"a": 0.2, "b": 0.8}, "rate": 0.2, "certainty": 0.9, "threshold": 0.05},
            "at_most",
            None,
        ),
    ],
)
def test_every_kind_of_rule_gives_bounds_where_none_are_printed(rule: dict[str, Any], direction: str, bounds: Any) -> None:
    found = watched(_limit(rule=rule, direction=direction), 10)
    assert found.boundary == found.follows
    assert any(bound is not None for bound in found.boundary.bounds)
    if bounds is not None and rule["kind"] == "sprt":
        assert found.boundary.bounds == bounds
    assert found.boundary.kind == rule["kind"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"looks": None}, "has no looks"),
        ({"rule": {"kind": "stages", "null_rate": 0.2, "alternative_rate": 0.4}}, "lists no bounds"),
        ({"rule": {"kind": "wang_tsiatis", "rate": 0.2, "alpha": 0.05}}, "has no delta"),
    ],
)
def test_a_limit_without_what_it_needs_is_a_problem_of_the_document(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(DocumentProblems, match=what):
        watched(_limit(**changes), 10)


def test_looks_one_by_one_override_even_spacing() -> None:
    assert watched(_limit(looks={"first": 3, "last": 10, "at": [4, 9]}), 10).boundary.looks == (4, 9)
    assert watched(_limit(looks={"first": 3, "last": 10, "every": 3}), 10).boundary.looks == (3, 6, 9)


@pytest.mark.parametrize(
    ("events", "without", "pending", "status", "needed"),
    [
        # Rule A: 3-5: 3, 6-8: 4, 9-11: 5, 12-14: 6.
        (3, 0, 0, "crossed", 0),
        (4, 3, 0, "crossed", 0),
        (3, 3, 0, "near", 1),
        (3, 4, 0, "near", 1),  # 7: 4, next 8: 4
        (3, 5, 0, "clear", 2),  # 9 asks 5, 10 asks 5
        (3, 5, 1, "clear", 2),
        (3, 5, 2, "may_cross", 2),
        (2, 0, 1, "may_cross", 1),
        (0, 0, 2, "clear", 3),
        (0, 0, 3, "may_cross", 3),
        (0, 30, 0, "clear", None),
    ],
)
def test_a_position_says_how_near_it_is(
    limits: tuple[WatchedLimit, ...], events: int, without: int, pending: int, status: str, needed: int | None
) -> None:
    found = position(limits[0], Count(events, without, pending, 0))
    assert (found.status, found.needed) == (status, needed)
    assert (found.fewest, found.most) == (events, events + pending)


def test_a_pending_subject_is_never_taken_as_one_without_an_event(limits: tuple[WatchedLimit, ...]) -> None:
    """3 of 8 with 2 pending: as non-events they would make 3 of 10, clear; it is shown as open."""
    assert position(limits[0], Count(3, 7, 0, 0)).status == "clear"
    found = position(limits[0], Count(3, 5, 2, 0))
    assert found.status == "may_cross"
    said = [say(reason, "en") for reason in found.said()]
    assert "Not known yet: 2. With them 3 to 5 events; none of them is counted as without an event." in said


def test_a_limit_that_pending_subjects_cannot_save_will_be_crossed() -> None:
    """Futility: 0 responses of 8 and at most 1 at 10 stops; two pending can bring 2 at most, one can bring 1."""
    rule = {"kind": "stages", "null_rate": 0.2, "alternative_rate": 0.4}
    few = _limit(
        purpose="futility",
        direction="at_most",
        rule=rule,
        looks={"first": 10, "last": 10},
        bounds=({"subjects": 10, "events": 1},),
    )
    one = watched(few, 10)
    assert position(one, Count(0, 9, 1, 0)).status == "will_cross"
    assert position(one, Count(0, 8, 2, 0)).status == "may_cross"
    assert position(one, Count(2, 6, 2, 0)).status == "clear"
    near = position(one, Count(0, 9, 0, 0))
    assert (near.status, near.needed, near.look, near.bound) == ("near", 1, False, None)
    said = [say(reason, "en") for reason in near.said()]
    assert said[0] == "The next subject without a response would cross the limit."
    assert "9 evaluable is not a planned look." in said
    assert "Further subjects in a row without a response that would cross: 1." in said


def test_where_every_event_crosses_the_first_one_does() -> None:
    every = watched(_limit(rule={"kind": "each_event"}, looks=None), 40)
    assert (every.boundary.looks[0], every.boundary.looks[-1], set(every.boundary.bounds)) == (1, 40, {1})
    assert position(every, Count(0, 50, 0, 0)).status == "near"
    assert position(every, Count(0, 5, 1, 0)).status == "may_cross"
    assert position(every, Count(1, 50, 0, 0)).status == "crossed"


def test_before_the_first_look_a_position_says_that_nothing_can_stop(limits: tuple[WatchedLimit, ...]) -> None:
    found = position(limits[0], Count(2, 0, 0, 0))
    assert (found.look, found.bound, found.status) == (False, None, "near")


def test_the_weighted_posterior_is_shown_only_where_every_pending_says_how_long(limits: tuple[WatchedLimit, ...]) -> None:
    assert position(limits[0], Count(3, 5, 2, 0, (0.5, 0.25))).weighted == pytest.approx(0.679, abs=5e-4)
    assert position(limits[0], Count(3, 5, 2, 0, None)).weighted is None
    assert position(limits[0], Count(3, 5, 0, 0, ())).weighted is None
    assert position(limits[2], Count(0, 5, 1, 0, (0.5,))).weighted is None


ROWS = {
    "subject": ["s1", "s2", "s3", "s4", "s5", "s6", "s1"],
    "limit": ["dlt", "rule_a_dlt", "dlt", "dlt", "dlt", "dlt", "related_death"],
    "evaluable": ["yes", "yes", "pending", "no", "yes", "pending", "yes"],
    "event": ["yes", "no", "", "", "unknown", "unknown", "no"],
    "passed": ["", "", "0.5", "", "1", "", ""],
}


def test_events_are_counted_by_the_id_of_the_limit_or_of_what_it_counts(limits: tuple[WatchedLimit, ...]) -> None:
    counts = count_events(pl.DataFrame(ROWS), limits)
    assert counts["rule_a_dlt"] == Count(1, 1, 3, 1, None)
    assert counts["rule_b_related_death"] == counts["pause_at_death"] == Count(0, 1, 0, 0, ())
    assert counts["rule_a_dlt"].evaluable == 2


def test_a_limit_of_which_the_table_says_nothing_is_unknown_and_not_clear(limits: tuple[WatchedLimit, ...]) -> None:
    told = pl.DataFrame({"subject": ["1", "2"], "limit": ["dlt", "dlt"], "evaluable": ["yes", "yes"], "event": ["no", "no"]})
    found = positions(limits, count_events(told, limits))
    assert [one.status for one in found] == ["clear", "unknown", "unknown"]
    assert [reason.kind for reason in found[1].said()] == ["position_unknown"]
    results = position_results(found)
    assert results.value("monitoring_position", "status", limit="pause_at_death") == "unknown"
    assert results.one("monitoring_position", "events", limit="rule_b_related_death").reason.kind == "position_unknown"


def test_without_a_limit_column_a_row_counts_for_every_limit(limits: tuple[WatchedLimit, ...]) -> None:
    frame = pl.DataFrame({"subject": ["a", "b"], "evaluable": ["yes", "yes"], "event": ["yes", "no"]})
    assert set(count_events(frame, limits).values()) == {Count(1, 1, 0, 0, ())}


def test_shares_of_the_window_are_kept_where_each_pending_has_one(limits: tuple[WatchedLimit, ...]) -> None:
    frame = pl.DataFrame(
        {"subject": ["a", "b"], "evaluable": ["pending", "pending"], "event": ["", "no"], "passed": ["0.25", "0.75"]}
    )
    assert count_events(frame, limits)["rule_a_dlt"] == Count(0, 0, 2, 0, (0.25, 0.75))


def test_a_table_is_named_as_its_reader_names_it(limits: tuple[WatchedLimit, ...]) -> None:
    wrong = pl.DataFrame({"subject": ["a"], "evaluable": ["pending"], "event": ["yes"]})
    with pytest.raises(TableProblems, match=r"^monitoring_events: row 1"):
        count_events(wrong, limits)
    with pytest.raises(TableProblems, match=r"^of_today\.csv: row 1"):
        count_events(wrong, limits, file="of_today.csv")


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (
            {"limit": ["dlt", "dlt", "dlt", "dlt", "dlt", "dlt", "related_deaht"]},
            r"row 7, column limit: .* Did you mean 'related_death'",
        ),
        (
            {"subject": ["s1", "s1", "s3", "s4", "s5", "s6", "s1"]},
            r"row 2, column subject: counts subject s1 for rule_a_dlt a second time \(row 1\)",
        ),
        (
            {"event": ["yes", "no", "yes", "", "", "", "no"]},
            "row 3, column evaluable: an event has happened, and the subject is said to be pending",
        ),
        ({"event": ["yes", "no", "", "yes", "", "", "no"]}, "row 4, column evaluable: .* not evaluable"),
        ({"evaluable": ["yes", "yes", "waiting", "no", "yes", "pending", "yes"]}, "row 3, column evaluable: 'waiting'"),
        ({"passed": ["", "", "1.5", "", "", "", ""]}, "row 3, column passed: 1.5 is above 1"),
    ],
)
def test_every_problem_of_the_table_is_named_by_row_and_column(
    limits: tuple[WatchedLimit, ...], changed: dict[str, Any], what: str
) -> None:
    with pytest.raises(TableProblems, match=what):
        count_events(pl.DataFrame(ROWS | changed), limits)


def test_a_limit_on_infusions_counts_infusions() -> None:
    one = watched(_limit(unit="infusions"), 10)
    frame = pl.DataFrame({"subject": ["a", "a"], "infusion": [1, 2], "evaluable": ["yes", "yes"], "event": ["no", "yes"]})
    assert count_events(frame, [one])["one"] == Count(1, 1, 0, 0, ())
    with pytest.raises(TableProblems, match="second time"):
        count_events(frame, [watched(_limit(), 10)])


def test_results_hold_each_bound_beside_the_recomputed_one(limits: tuple[WatchedLimit, ...]) -> None:
    results = bounds_results(limits)
    for name in ("bound", "bound_recomputed"):
        assert results.value("monitoring_bounds", name, limit="rule_a_dlt", look=38) == 14
    assert results.value("monitoring_bounds", "bound", limit="pause_at_death") == 1
    assert not len(results.select(name="difference"))
    wrong = watched(_limit(bounds=({"subjects": 3, "events": 3},)), 10)
    assert bounds_results([wrong]).one(name="difference", look=6).reason is not None


def test_results_of_characteristics_are_of_the_bounds_in_force(limits: tuple[WatchedLimit, ...]) -> None:
    results = limit_characteristics(limits, [0.25], by_look=False)
    assert results.value(name="stops_high", limit="rule_a_dlt") == pytest.approx(0.296312168665, abs=1e-11)
    assert {one.context["limit"] for one in results} == {"rule_a_dlt", "rule_b_related_death"}


def test_results_of_a_position_have_reasons_where_there_is_no_number(limits: tuple[WatchedLimit, ...]) -> None:
    counts = {"rule_a_dlt": Count(0, 30, 2, 1, (0.5, 0.5)), "pause_at_death": Count(0, 30, 2, 1)}
    found = positions(limits, counts)
    assert [one.limit.id for one in found] == ["rule_a_dlt", "pause_at_death"]
    results = position_results(found)
    assert results.value(name="status", limit="rule_a_dlt") == "clear"
    assert results.value(name="bound", limit="rule_a_dlt") == 11
    needed = results.one(name="needed", limit="rule_a_dlt")
    assert needed.value is None
    assert needed.reason is not None
    assert say(needed.reason, "en") == "No further outcome within the planned looks would cross."
    assert results.value(name="most_events", limit="rule_a_dlt") == 2
    assert results.one(name="weighted_posterior").conventions == ("pending_weighted",)
    early = position_results([position(limits[0], Count(0, 1, 0, 0))]).one(name="bound")
    assert early.reason is not None
    assert say(early.reason, "en") == "1 evaluable is not a planned look."


def test_a_position_is_said_whole(limits: tuple[WatchedLimit, ...]) -> None:
    def said(limit: WatchedLimit, count: Count) -> list[str]:
        return [say(reason, "en") for reason in position(limit, count).said()]

    assert said(limits[0], Count(4, 3, 1, 2)) == [
        "The limit is crossed.",
        "4 events among 7 evaluable.",
        "Bound here: 4 or more.",
        "Not known yet: 1. With them 4 to 5 events; none of them is counted as without an event.",
        "Not evaluable and not counted: 2.",
    ]
    assert said(limits[0], Count(0, 30, 0, 0)) == [
        "The limit is not crossed.",
        "0 events among 30 evaluable.",
        "Bound here: 11 or more.",
    ]
    assert said(limits[0], Count(2, 1, 0, 0))[2:] == ["Bound here: 3 or more.", "Further events in a row that would cross: 1."]
    assert said(limits[2], Count(0, 4, 0, 0))[2:] == [
        "Each single event crosses.",
        "Further events in a row that would cross: 1.",
    ]
    few = watched(_limit(direction="at_most", looks={"first": 1, "last": 10}), 10)
    assert said(few, Count(0, 1, 0, 0))[2] == "At 1 evaluable no count can stop."
    assert said(few, Count(0, 10, 0, 0))[2] == "Bound here: 0 or fewer."


def test_a_look_off_the_plan_has_the_bound_of_the_same_rule() -> None:
    sparse = watched(_limit(looks={"first": 5, "last": 15, "every": 5}), 15)
    found = position(sparse, Count(2, 6, 0, 0))
    assert (found.look, found.bound, found.off_plan) == (False, None, 4)
    assert say(found.said()[3], "en") == "By the same rule, a look taken here would stop at 4 or more."
    for evaluable in (4, 5, 10, 16):
        assert position(sparse, Count(0, evaluable, 0, 0)).off_plan is None
    printed = watched(_limit(looks={"first": 5, "last": 15, "every": 5}, bounds=({"subjects": 5, "events": 2},)), 15)
    assert position(printed, Count(0, 8, 0, 0)).off_plan is None, "nothing follows from bounds that are not those of the rule"


@pytest.mark.parametrize(
    "folder", sorted(folder for folder in STUDIES.iterdir() if (folder / "study.yaml").is_file()), ids=lambda folder: folder.name
)
def test_the_printed_bounds_of_every_shipped_study_follow_from_its_rules(folder: Path) -> None:
    assert all(one.differences == () for one in study_limits(load(folder)))


def test_pending_subjects_are_added_only_where_the_rule_is_known(limits: tuple[WatchedLimit, ...]) -> None:
    results = limit_characteristics(limits, [0.25], pending=3, by_look=False)
    assert results.value("monitoring_overrun", "subjects", limit="rule_a_dlt") == pytest.approx(32.8717, abs=1e-4)
    wrong = watched(_limit(bounds=({"subjects": 3, "events": 3},)), 10)
    assert not len(limit_characteristics([wrong], [0.25], pending=3).select("monitoring_overrun"))
    assert not len(limit_characteristics(limits, [0.25]).select("monitoring_overrun"))
