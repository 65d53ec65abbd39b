"""Figures of times to events show what the results hold: names, numbers at risk, medians, reasons; in both languages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl
import pytest
from matplotlib.text import Text

from protocord.efficacy.survival import Times, read_times, response_and_survival, survive
from protocord.protocol import STUDIES, Protocol, load
from protocord.protocol.document.elements import Span
from protocord.report.canvas import Canvas
from protocord.report.figures.survival import length, survival_curves
from protocord.report.figures.survival_forest import hazard_ratio_forest, landmark_forest
from protocord.values import Language

DATA = Path(__file__).parents[3] / "docs" / "tutorials" / "data" / "survival_times.csv"


@cache
def given() -> tuple[Protocol, Times]:
    protocol = load(STUDIES / "nct06848582")
    return protocol, read_times(protocol, DATA)


def words(canvas: Canvas) -> str:
    drawn = [text.get_text() for text in canvas.figure.findobj(Text)]
    return "\n".join([*drawn, *canvas.notes])


def endpoint(name: str):
    return next(one for one in given()[0].efficacy.time_to_event if one.id == name)


def test_everyone_s_curve_has_its_numbers_at_risk_and_its_median() -> None:
    results = survive(*given(), endpoints=("pfs",))
    said = words(survival_curves(results, endpoint("pfs"), "en"))
    assert "all: n = 40, 35 events, 5 censored" in said
    assert "median 8.5 months (95 % interval 5.9 to 9.8)" in said
    assert "fewer than 5 at risk" in said
    canvas = survival_curves(results, endpoint("pfs"), "en")
    table = [text.get_text() for text in canvas.axes[1].texts]
    at_risk = [str(results.value("pfs", "n_risk", landmark=f"{month} months")) for month in (6, 12, 24)]
    assert [table[place + 1] for place in (1, 2, 4)] == at_risk
    assert table[1] == "40"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_figure_is_drawn_in_both_languages(language: Language, tmp_path: Path) -> None:
    protocol, times = given()
    grouped = survive(protocol, times, endpoints=("os",), by="histology")
    at = response_and_survival(protocol, times, "os", "response_day", at=Span(4, "month"))
    figures = {
        "curves": survival_curves(grouped, endpoint("os"), language),
        "ratios": hazard_ratio_forest(grouped, endpoint("os"), language),
        "landmark": landmark_forest(grouped, endpoint("os"), language, landmark="12 months"),
        "response": survival_curves(at, endpoint("os"), language, analysis="landmark"),
    }
    for name, canvas in figures.items():
        for file in canvas.save(tmp_path / name):
            assert file.stat().st_size > 5000
        canvas.close()


def test_a_child_that_responds_leaves_the_first_curve_uncensored() -> None:
    protocol, times = given()
    results = response_and_survival(protocol, times, "os", "response_day", time_dependent=True)
    canvas = survival_curves(results, endpoint("os"), "en", analysis="time_dependent")
    assert "not responding: n = 40, 17 events, 17 responded, 6 censored" in words(canvas)
    table = [text.get_text() for text in canvas.axes[1].texts]
    assert table[table.index("responding") + 1] == "0"  # nobody responds on day 0


def test_an_estimate_that_is_missing_says_so_and_why() -> None:
    results = survive(*given(), endpoints=("os",), by="histology")
    said = words(landmark_forest(results, endpoint("os"), "en", landmark="36 months"))
    assert "NE" in said
    assert "Not estimable: nobody was observed beyond day 1015." in said


def test_a_figure_of_what_the_results_lack_is_refused() -> None:
    results = survive(*given(), endpoints=("os",))
    with pytest.raises(LookupError, match="no curve of pfs"):
        survival_curves(results, endpoint("pfs"), "en")
    with pytest.raises(LookupError, match="no hazard ratio of os"):
        hazard_ratio_forest(results, endpoint("os"), "en")
    with pytest.raises(LookupError, match="no survival of os at 5 months"):
        landmark_forest(results, endpoint("os"), "en", landmark="5 months")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_competing_events_are_drawn_as_incidences_with_both_kinds_counted(language: Language) -> None:
    protocol, _ = given()
    first, *rest = protocol.efficacy.time_to_event
    competes = first.model_copy(update={"events": ("progression",), "competing": ("death",)})
    efficacy = protocol.efficacy.model_copy(update={"time_to_event": (competes, *rest)})
    other = Protocol(**{**{name: getattr(protocol, name) for name in protocol.__dataclass_fields__}, "efficacy": efficacy})
    died = pl.col("cause") == "death"
    table = (
        pl.read_csv(DATA).filter(endpoint="pfs").with_columns(status=pl.when(died).then(pl.lit("competing")).otherwise("status"))
    )
    times = read_times(other, table)
    said = words(survival_curves(survive(other, times), competes, language))
    assert ("events: 26 of 40" if language == "en" else "事件：26例（n=40）") in said
    assert ("competing events: 9 of 40" if language == "en" else "竞争事件：9例（n=40）") in said
    grouped = words(survival_curves(survive(other, times, by="histology"), competes, language))
    assert ("Gray's test, events: p = 0.002" if language == "en" else "Gray检验（事件）：P=0.002") in grouped
    assert ("13 events, 7 competing, 4 censored" if language == "en" else "事件13例，竞争事件7例，删失4例") in grouped


def test_a_length_is_said_in_each_language() -> None:
    assert [length("6 months", language) for language in ("en", "zh")] == ["6 months", "6个月"]
    assert length("1 year", "en") == "1 year"
