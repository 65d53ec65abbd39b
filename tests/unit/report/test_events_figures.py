"""Figures of adverse events show what the results hold, in both languages."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest
from matplotlib.text import Text

from protocord.protocol import STUDIES, load
from protocord.report.canvas import Canvas
from protocord.report.figures.events import ae_bars, ae_first_event, ae_grid
from protocord.safety.event_columns import EVENTS, FOLLOWED, INFUSIONS
from protocord.safety.events import EventData, adverse_events
from protocord.statistics import Results
from protocord.tables import read
from protocord.values import Language

DATA = Path(__file__).parents[3] / "docs" / "tutorials" / "data"


@cache
def results() -> Results:
    tables = [
        read(table, DATA / f"adverse-events_{name}.csv")
        for table, name in ((EVENTS, "events"), (INFUSIONS, "infusions"), (FOLLOWED, "followed"))
    ]
    return adverse_events(load(STUDIES / "nct06848582"), EventData(*tables), cut_off=date(2026, 6, 30))


def words(canvas: Canvas) -> str:
    return "\n".join([*(text.get_text() for text in canvas.figure.findobj(Text)), *canvas.notes])


def test_the_grid_holds_each_worst_grade_once() -> None:
    canvas = ae_grid(results(), "en")
    drawn = [text.get_text() for text in canvas.axes.texts]
    grades = [str(item.value) for item in results().select("ae_grid", "worst_grade")]
    assert sorted(drawn) == sorted(grades)
    assert "Treatment-emergent events of 14 treated subjects; 14 with at least one." in words(canvas)
    assert "Data cut 2026-06-30." in words(canvas)
    canvas.close()


def test_the_grid_frames_serious_events() -> None:
    canvas = ae_grid(results(), "en")
    framed = [patch for patch in canvas.axes.patches if not patch.get_fill()]
    assert len(framed) == sum(bool(item.value) for item in results().select("ae_grid", "serious")) == 3
    canvas.close()


def test_the_bars_are_as_long_as_the_shares() -> None:
    canvas = ae_bars(results(), "en", most=3)
    widths = [round(patch.get_width(), 6) for patch in canvas.axes.patches][::2]
    shares = sorted(
        (float(item.value) for item in results().select("ae_incidence", "proportion", of="term", subset="any")),  # type: ignore[arg-type]
        reverse=True,
    )
    assert widths == [round(100 * share, 6) for share in shares[:3]]
    assert "n = 14" in words(canvas)
    assert "further terms are not drawn" in words(canvas)
    canvas.close()


def test_the_first_event_has_its_numbers_at_risk() -> None:
    canvas = ae_first_event(results(), "en")
    at_risk = [str(item.value) for item in results().select("ae_first_event", "n_at_risk", of="all", subset="grade_3_or_more")]
    assert [text.get_text() for text in canvas.axes[1].texts][-len(at_risk) :] == at_risk
    assert "Aalen-Johansen" in words(canvas)
    canvas.close()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_figure_is_written_in_both_languages(language: Language, tmp_path: Path) -> None:
    for name, draw in {"grid": ae_grid, "bars": ae_bars, "first": ae_first_event}.items():
        canvas = draw(results(), language)
        files = canvas.save(tmp_path / f"{name}-{language}")
        assert all(file.stat().st_size > 10_000 for file in files)
        canvas.close()
