"""Times to events by the document: what is analysed, what is refused by row and by name, and a reason for every missing number."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from protocord.efficacy.survival import Null, days_in, read_times, response_and_survival, survive
from protocord.errors import Refused
from protocord.protocol import STUDIES, Protocol, load
from protocord.protocol.document.elements import Span
from protocord.statistics import Results, convention
from protocord.statistics.survival import kaplan_meier, landmark, log_rank
from protocord.tables import TableProblems
from protocord.words import say


@cache
def study() -> Protocol:
    return load(STUDIES / "nct06848582")


def with_competing() -> Protocol:
    protocol = study()
    first, *rest = protocol.efficacy.time_to_event
    efficacy = protocol.efficacy.model_copy(
        update={"time_to_event": (first.model_copy(update={"events": ("progression",), "competing": ("death",)}), *rest)}
    )
    return Protocol(**{**{name: getattr(protocol, name) for name in protocol.__dataclass_fields__}, "efficacy": efficacy})


DAYS = [40, 95, 95, 180, 200, 264, 300, 400, 500, 800]
STATUS = ["event", "event", "censored", "event", "event", "censored", "event", "censored", "event", "censored"]


def frame(**changes: object) -> pl.DataFrame:
    columns: dict[str, object] = {
        "subject": [f"C{number:02d}" for number in range(1, 11)],
        "endpoint": ["pfs"] * 10,
        "days": DAYS,
        "status": STATUS,
        "cause": ["progression" if one == "event" else "alive_without_event" for one in STATUS],
        "sex": ["f", "m"] * 5,
    }
    return pl.DataFrame({**columns, **changes})


def analysed(table: pl.DataFrame | None = None, **options: object) -> Results:
    protocol = study()
    return survive(protocol, read_times(protocol, frame() if table is None else table), **options)


def test_the_document_decides_interval_level_landmarks_and_days_in_a_month() -> None:
    results = analysed()
    curve = kaplan_meier(DAYS, [one == "event" for one in STATUS], transform="log_log", level=0.95)
    marks = [one.context["landmark"] for one in results.select("pfs", "survival", at="landmark")]
    assert marks == ["6 months", "12 months", "24 months", "36 months"]
    assert results.value("pfs", "survival", landmark="12 months") == curve.at([365.25])[0].survival
    assert results.one("pfs", "lower", landmark="12 months").level == 0.95
    assert results.one("pfs", "lower", landmark="12 months").method == "kaplan_meier/log_log"
    assert results.value("pfs", "quantile", p=0.5) == curve.quantile(0.5).time
    assert results.value("pfs", "rmst", tau=730.5) == curve.rmst(730.5).estimate
    assert results.about["study"] == study().study.id
    assert results.value("pfs", "n_cause", cause="alive_without_event") == 4


def test_every_number_that_is_missing_has_a_reason_with_words_in_both_languages() -> None:
    missing = [one for one in analysed(by="sex", null=Null(Span(36, "month"), 0.2)) if one.value is None]
    kinds = {one.reason.kind for one in missing}
    assert {"survival_beyond_follow_up", "survival_not_reached"} <= kinds
    for one in missing:
        assert one.reason.kind.startswith("survival_")
        assert say(one.reason, "en") != say(one.reason, "zh")


def test_every_estimate_names_its_method_and_conventions_that_exist() -> None:
    for one in analysed(by="sex", null=Null(Span(12, "month"), 0.3)):
        if one.name in {"quantile", "survival", "rmst", "hazard_ratio", "lower", "upper", "p_value", "follow_up"}:
            assert one.method
        for name in one.conventions:
            convention(name)


def test_the_whole_curve_stands_in_the_results() -> None:
    results = analysed()
    rows = results.select("pfs", "survival", at="curve")
    assert [one.context["time"] for one in rows] == sorted(set(DAYS))
    assert [results.value("pfs", "n_risk", at="curve", time=float(day)) for day in (40, 95, 800)] == [10, 9, 1]


def test_groups_are_compared_by_log_rank_and_hazard_ratio_to_the_first() -> None:
    results = analysed(by="sex")
    test = log_rank(DAYS, [one == "event" for one in STATUS], ["f", "m"] * 5)
    assert results.value("pfs", "p_value") == test.p_value
    ratio = results.one("pfs", "hazard_ratio")
    assert (ratio.context["group"], ratio.context["reference"]) == ("m", "f")
    assert {one.context["tau"] for one in results.select("pfs", "rmst")} == {365.25}


def test_a_single_arm_is_held_against_a_null() -> None:
    results = analysed(null=Null(Span(12, "month"), 0.3))
    expected = -np.log(0.3) / 365.25 * sum(DAYS)
    assert results.value("pfs", "expected_events") == pytest.approx(expected)
    assert results.value("pfs", "observed_to_expected") == pytest.approx(6 / expected)
    assert 0 < results.value("pfs", "milestone_p") < 0.5


def test_variants_are_analysed_each_by_itself() -> None:
    both = pl.concat(
        [
            frame().with_columns(variant=pl.lit("main")),
            frame(status=["event"] * 10).with_columns(variant=pl.lit("treatment_policy")),
        ]
    )
    results = analysed(both)
    assert [one.value for one in results.select("pfs", "n_event") if "at" not in one.context] == [6, 10]
    assert results.value("pfs", "n_event", variant="treatment_policy", at="curve", time=40.0) == 1


def test_competing_events_give_incidences_and_no_kaplan_meier() -> None:
    protocol = with_competing()
    status = ["event", "competing", "censored", "event", "competing", "censored", "event", "censored", "event", "censored"]
    results = survive(protocol, read_times(protocol, frame(status=status)), by="sex")
    assert not results.select("pfs", "survival")
    assert 0 < results.value("pfs", "incidence", landmark="12 months", of="competing", group="all") < 1
    assert {one.method for one in results.select("pfs", "p_value")} == {"gray"}
    assert {one.context["of"] for one in results.select("pfs", "p_value")} == {"event", "competing"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"endpoint": ["pfs"] * 9 + ["pds"]},
            "row 10, column endpoint: 'pds' is no time to event of the study. Did you mean 'pfs'?",
        ),
        ({"variant": ["main"] * 9 + ["mian"]}, "row 10, column variant: 'mian' is no variant of pfs. Did you mean 'main'?"),
        ({"days": [0, *DAYS[1:]]}, "row 1, column days: an event of pfs on day 0 lies before the origin, which has the value 1."),
        ({"status": ["competing", *STATUS[1:]]}, "row 1, column status: pfs has no competing events in the document."),
        ({"subject": ["C01"] * 10}, "row 2: repeats row 1"),
    ],
)
def test_what_the_document_does_not_know_is_named_by_row_and_column(changes: dict[str, object], said: str) -> None:
    with pytest.raises(TableProblems) as found:
        analysed(frame(**changes))
    assert said in str(found.value)


def test_an_endpoint_or_group_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(Refused, match=r"'oss' is no time to event of the study\. Did you mean 'os'\?"):
        analysed(endpoints=("oss",))
    with pytest.raises(TableProblems, match="has no row of os"):
        analysed(endpoints=("os",))
    with pytest.raises(TableProblems, match=r"column site: is not there to group by\. Context columns: sex"):
        analysed(by="site")
    with pytest.raises(TableProblems, match="row 1, column sex: is empty"):
        analysed(frame(sex=[None, *["m"] * 9]), by="sex")


class TestImmortalTime:
    @pytest.mark.parametrize(
        ("name", "values"), [("responder", ["a", "b"]), ("group", ["CR", "pd"]), ("best", ["Responder", "Non-responder"])]
    )
    def test_survival_by_response_from_time_zero_is_refused_by_name(self, name: str, values: list[str]) -> None:
        with pytest.raises(Refused, match="immortal-time bias"):
            analysed(frame(**{name: values * 5}), by=name)

    def test_response_needs_a_landmark_or_time_dependence_and_not_both(self) -> None:
        protocol = study()
        times = read_times(protocol, frame(day_of_response=[None, 30] * 5))
        with pytest.raises(Refused, match=r"immortal-time bias.*--landmark"):
            response_and_survival(protocol, times, "pfs", "day_of_response")
        with pytest.raises(Refused, match="two analyses"):
            response_and_survival(protocol, times, "pfs", "day_of_response", at=Span(1, "month"), time_dependent=True)

    def test_at_a_landmark_only_those_still_there_count(self) -> None:
        protocol = study()
        days = [None, 30, None, 60, None, 120, None, 35, None, 300]
        times = read_times(protocol, frame(day_of_response=days))
        results = response_and_survival(protocol, times, "pfs", "day_of_response", at=Span(3, "month"))
        kept = landmark(DAYS, [one == "event" for one in STATUS], [np.nan if day is None else day for day in days], 91.3125)
        assert results.value("pfs", "ended_before") == kept.ended_before == 1
        assert [one.value for one in results.select("pfs", "n")] == [6, 3]
        assert results.value("pfs", "p_value") == log_rank(kept.time, kept.event, kept.responded).p_value

    def test_with_response_in_time_a_child_changes_curves(self) -> None:
        protocol = study()
        times = read_times(protocol, frame(day_of_response=[None, 30] * 5))
        results = response_and_survival(protocol, times, "pfs", "day_of_response", time_dependent=True)
        assert results.one("pfs", "p_value").method == "mantel_byar"
        assert results.value("pfs", "n_moved", group="not_responding", at="curve", time=30.0) == 5
        assert results.value("pfs", "n_risk", group="responding", at="entry", time=0.0) == 0
        assert results.value("pfs", "n_risk", group="not_responding", at="curve", time=30.0) == 10

    def test_a_response_may_be_an_endpoint_of_the_table_with_the_same_origin(self) -> None:
        protocol = study()
        response = frame(endpoint=["os"] * 10, days=[30] * 10, status=["event", "censored"] * 5)
        times = read_times(protocol, pl.concat([frame(), response]))
        results = response_and_survival(protocol, times, "pfs", "os", at=Span(1, "month"))
        assert [one.value for one in results.select("pfs", "n")] == [5, 5]
        duration = frame(endpoint=["dor"] * 10)
        with pytest.raises(Refused, match="dor starts at first_response, pfs at first_infusion"):
            response_and_survival(
                protocol, read_times(protocol, pl.concat([frame(), duration])), "pfs", "dor", at=Span(1, "month")
            )

    @pytest.mark.parametrize(
        ("name", "said"), [("nowhere", "is not in the table"), ("sex", "is not a day"), ("status", "is not in the table")]
    )
    def test_a_response_that_is_no_day_is_named(self, name: str, said: str) -> None:
        protocol = study()
        with pytest.raises(TableProblems, match=said):
            response_and_survival(protocol, read_times(protocol, frame()), "pfs", name, at=Span(1, "month"))

    def test_a_landmark_after_everyone_is_refused(self) -> None:
        protocol = study()
        times = read_times(protocol, frame(day_of_response=[30] * 10))
        with pytest.raises(Refused, match="Nobody is under observation after the landmark at 36 months"):
            response_and_survival(protocol, times, "pfs", "day_of_response", at=Span(36, "month"))


def test_lengths_of_the_document_become_days_by_its_month() -> None:
    endpoint = study().efficacy.time_to_event[0]
    spans = (Span(10, "day"), Span(2, "week"), Span(6, "month"), Span(1, "year"))
    assert [days_in(span, endpoint) for span in spans] == [10, 14, 182.625, 365.25]


def test_all_in_one_group_makes_the_hazard_ratio_not_estimable_by_name() -> None:
    status = ["event" if place % 2 else "censored" for place in range(10)]
    results = analysed(frame(status=status), by="sex")
    assert results.one("pfs", "hazard_ratio").reason.kind == "survival_monotone_likelihood"
    nobody = analysed(frame(status=["censored"] * 10), by="sex")
    assert nobody.one("pfs", "hazard_ratio").reason.kind == "survival_no_event"
    assert nobody.one("pfs", "p_value").reason.kind == "survival_no_comparison"


def test_events_of_one_day_leave_nothing_to_say_of_proportional_hazards() -> None:
    results = analysed(frame(days=[10] * 10, status=["event"] * 10), by="sex")
    assert results.value("pfs", "hazard_ratio") == pytest.approx(1)
    assert results.one("pfs", "proportional_hazards_p").reason.kind == "survival_one_event_time"


def test_the_same_table_gives_the_same_results_in_whatever_file_it_stands(tmp_path: Path) -> None:
    frame().write_csv(tmp_path / "times.csv")
    frame().write_parquet(tmp_path / "times.parquet")
    protocol = study()
    one, other = (survive(protocol, read_times(protocol, tmp_path / f"times.{form}")) for form in ("csv", "parquet"))
    assert one.as_data() == other.as_data()
