"""The pictures: what they draw, and that they say nothing by colour alone."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta

from protocord.web.charts import DateMark, DateRow, DateStretch, VisitMark, date_line, swatch, visit_calendar

SVG = "{http://www.w3.org/2000/svg}"
ON = date(2026, 3, 2)


def line(**more: object) -> ET.Element:
    rows = [
        DateRow("I01", "Consent", (DateStretch(ON, None, "met", "I01: met"),), "#criterion-I01"),
        DateRow(
            "I07",
            "Washout <21 days",
            (
                DateStretch(ON, ON + timedelta(days=9), "not_met", "I07: not met"),
                DateStretch(ON + timedelta(days=10), None, "met", "I07: met"),
            ),
        ),
    ]
    particulars: dict[str, object] = {
        "since": ON,
        "until": ON + timedelta(days=29),
        "title": "When",
        "description": "Text & table",
    }
    return ET.fromstring(date_line(rows, **{**particulars, **more}))  # type: ignore[arg-type]


def boxes(picture: ET.Element, state: str) -> list[ET.Element]:
    return [box for box in picture.iter(f"{SVG}rect") if box.get("class") == state]


def test_a_stretch_is_as_long_as_its_days() -> None:
    picture = line()

    [not_met] = boxes(picture, "not_met")
    met = boxes(picture, "met")[1]
    day = (float(met.get("x", "")) - float(not_met.get("x", ""))) / 10
    assert float(not_met.get("width", "")) + 0.6 == round(10 * day, 1)
    assert abs(float(met.get("width", "")) + 0.6 - 20 * day) < 0.2


def test_each_state_but_met_has_a_pattern_beside_its_colour() -> None:
    picture = line()

    fills = {box.get("fill") for box in picture.iter(f"{SVG}rect")}
    patterns = {pattern.get("id") for pattern in picture.iter(f"{SVG}pattern")}

    assert "url(#p-not_met)" in fills
    assert {"p-not_met", "p-unknown", "p-review"} <= patterns


def test_the_window_is_shaded_and_named_with_both_days() -> None:
    picture = line(windows=[(ON + timedelta(days=10), ON + timedelta(days=14))], window_name="eligible")

    [band] = boxes(picture, "band")
    text = [words.text for words in picture.iter(f"{SVG}text") if words.get("class") == "band-text"]

    assert float(band.get("width", "")) > 0
    assert text == ["eligible 2026-03-12 – 2026-03-16"]


def test_a_window_beyond_the_picture_is_left_out() -> None:
    picture = line(windows=[(ON + timedelta(days=90), None)], window_name="eligible")

    assert boxes(picture, "band") == []


def test_marks_close_together_do_not_write_over_each_other() -> None:
    marks = [DateMark(ON + timedelta(days=n), f"mark {n}", "today") for n in range(3)]

    heights = [words.get("y") for words in line(marks=marks).iter(f"{SVG}text") if words.get("class") == "mark-today-text"]

    assert len(set(heights)) == 3


def test_words_from_outside_are_escaped_and_nothing_is_styled_inline() -> None:
    text = date_line(
        [DateRow("<b>", '"quoted"', (DateStretch(ON, None, "met", "<script>"),))],
        since=ON, until=ON + timedelta(days=9), title="<i>", description="&",
    )  # fmt: skip

    assert "<script>" not in text
    assert "<b>" not in text
    assert "style=" not in text
    ET.fromstring(text)


def test_a_picture_has_a_name_and_a_description() -> None:
    picture = line()

    assert picture.get("role") == "img"
    assert picture.findtext(f"{SVG}title") == "When"
    assert picture.findtext(f"{SVG}desc") == "Text & table"


def visits() -> list[VisitMark]:
    days = [(f"V{n}", ON + timedelta(days=7 * n), n + 1 if n < 8 else None) for n in range(9)]
    far = [(f"F{n}", ON + timedelta(days=180 * n), None) for n in range(1, 4)]
    return [
        VisitMark(
            name, f"{name} <hint>", day, day - timedelta(days=2), day + timedelta(days=2), "planned", infusion,
            (day - ON).days + 1, "treatment" if name.startswith("V") else "follow_up",
        )
        for name, day, infusion in [*days, *far]
    ]  # fmt: skip


def calendar() -> ET.Element:
    return ET.fromstring(
        visit_calendar(
            visits(), title="Calendar", description="Nine and three", day_words="day {day}", today=ON, today_word="today",
            epochs={"treatment": "Treatment", "follow_up": "Follow-up"},
        )
    )  # fmt: skip


def test_each_infusion_is_a_circle_with_its_number() -> None:
    picture = calendar()

    circles = [circle for circle in picture.iter(f"{SVG}circle") if "dose" in (circle.get("class") or "")]
    numbers = [words.text for words in picture.iter(f"{SVG}text") if "dose-text" in (words.get("class") or "")]

    assert len(circles) == 8
    assert numbers == [str(n) for n in range(1, 9)]


def test_every_visit_has_its_window_its_name_its_day_and_its_study_day() -> None:
    picture = calendar()

    texts = {words.text for words in picture.iter(f"{SVG}text")}

    assert len(boxes(picture, "window")) == 12
    assert {"V0", "V8", "F3", "day 1", "day 57", "03-02"} <= texts


def test_a_study_without_infusions_has_one_strip() -> None:
    only_far = [visit for visit in visits() if visit.infusion is None]

    text = visit_calendar(only_far, title="t", description="d", day_words="{day}", today=ON, today_word="today", epochs={})

    assert ET.fromstring(text).get("viewBox", "").endswith(" 190")


def test_the_legend_draws_the_same_patterns() -> None:
    assert "url(#p-unknown)" in swatch("unknown")
    assert "url(" not in swatch("met")
