"""Figures of tumour response: what they show, in both languages, and the same bytes each time; the command draws them all."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from protocord.efficacy.inputs import read_inputs
from protocord.efficacy.respond import Responses, respond
from protocord.protocol import STUDIES, load
from protocord.report.canvas import Canvas
from protocord.report.figures import response
from protocord.report.figures.response_chart import Chart, chart

DATA = Path(__file__).parents[3] / "docs" / "tutorials" / "data" / "response"


@pytest.fixture(scope="module")
def found() -> Responses:
    return respond(load(STUDIES / "nct06848582"), read_inputs(DATA), cut=date(2026, 6, 30), by="sex")


@pytest.fixture(scope="module")
def shown(found: Responses) -> Chart:
    return chart(found)


def words(canvas: Canvas) -> str:
    return " ".join(
        [
            *(
                text.get_text()
                for axes in canvas.all_axes
                for text in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels())
            ),
            *canvas.notes,
        ]
    )


def test_the_chart_takes_the_children_as_the_results_have_them(shown: Chart) -> None:
    children = {child.id: child for child in shown.children}

    assert "C11" not in children, "never treated"
    assert (children["C02"].best, children["C02"].confirmed, children["C02"].response) == ("CR", True, 38)
    assert children["C05"].best_change == 25.0, "best change stops at the first progression"
    assert children["C01"].response_until == 456, "a response is known until its last adequate assessment"
    assert children["C07"].response_until == 365, "or ends with progression"
    assert children["C10"].not_followed
    assert not children["C09"].measurable
    assert [(rate.group, rate.responders, rate.n) for rate in shown.rates[:3]] == [("", 2, 10), ("sex F", 1, 4), ("sex M", 1, 6)]


@pytest.mark.parametrize("name", ["waterfall", "spider", "swimmer", "forest"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_figure_says_reader_and_cut(name: str, language: str, shown: Chart) -> None:
    canvas = getattr(response, name)(shown, language)

    said = words(canvas)
    assert "2026-06-30" in said
    assert {"en": "Open-label", "zh": "开放"}[language] in said


def test_the_waterfall_marks_confirmed_responses_and_names_who_is_left_out(shown: Chart) -> None:
    said = words(response.waterfall(shown))

    assert "n = 9" in said
    assert "without one: 1 (C08)" in said
    assert "CR*" in said
    assert "PR*" in said
    assert "SD*" not in said


def test_the_swimmer_shows_every_treated_child(shown: Chart) -> None:
    canvas = response.swimmer(shown)

    assert "n = 11" in words(canvas)
    assert "C09  Non-CR/Non-PD" in words(canvas)


def test_the_forest_gives_counts_and_limits_as_the_results_have_them(shown: Chart) -> None:
    said = words(response.forest(shown))

    assert "2/10   20.0 % (2.5–55.6)" in said
    assert "sex F" in said


def test_a_figure_comes_out_alike_each_time(shown: Chart) -> None:
    assert response.forest(shown).rendered("svg") == response.forest(shown).rendered("svg")
