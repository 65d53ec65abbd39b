"""Changes in words, which of them are worth telling, and the charts of a what-if with many changes and of a curve."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocord.report.changes import KINDS, change_in_words, gains, limit_at, limit_in_words, limit_unit, telling
from protocord.report.figures import cohort
from protocord.statistics import Results
from protocord.statistics.results import Scalar, Statistic
from protocord.values import Language

NEUTROPHILS = {"asked": 1, "asked_en": "Absolute neutrophil count", "asked_zh": "中性粒细胞绝对计数"}
LIVER = {"asked": 2, "asked_en": "ALT, AST", "asked_zh": "ALT、AST"}
MUSTARD = {"asked": 1, "asked_en": "Nitrosourea", "asked_zh": "亚硝基脲类"}
NONE = {"asked": 0, "asked_en": "", "asked_zh": ""}


def moved(kind: str, limit: str, to: str, asked: dict[str, Scalar], **more: Scalar) -> dict[str, Scalar]:
    where: dict[str, Scalar] = {
        "change": "limit", "move": f"{kind} {limit} -> {to}", "criterion": "I1", "limit": limit, "to": to, "limit_kind": kind,
        "operator": "", "parameter": "", "everywhere": False, "review_only": False, "direction": 1, "place": "eligibility.yaml:1",
    }  # fmt: skip
    return where | asked | more


@pytest.mark.parametrize(
    ("where", "english", "chinese"),
    [
        (
            moved("result", "1.0 '10*9/L'", "0.75 '10*9/L'", NEUTROPHILS, operator=">="),
            "I1 Absolute neutrophil count ≥ 1.0 → 0.75 ×10⁹/L",
            "I1 中性粒细胞绝对计数 ≥ 1.0 → 0.75 ×10⁹/L",
        ),
        (moved("multiple", "3", "5", LIVER, operator="<="), "I1 ALT, AST ≤ 3 → 5 × ULN", "I1 ALT、AST ≤ 3 → 5 × ULN"),
        (moved("age", "18", "19", NONE, operator="<"), "I1 age < 18 → 19 years", "I1 年龄 < 18 → 19 岁"),
        (moved("grade", "1", "2", {**NONE, "asked": 1, "asked_en": "Rash", "asked_zh": "皮疹"}), "I1 Rash: grade ≤ 1 → 2", "I1 皮疹：分级 ≤ 1 → 2"),
        (moved("washout", "42 days", "32 days", MUSTARD), "I1 Nitrosourea: washout 42 → 32 days", "I1 亚硝基脲类：洗脱期 42 → 32天"),
        (moved("lookback", "1 year", "9 months", MUSTARD), "I1 Nitrosourea: look-back 1 year → 9 months", "I1 亚硝基脲类：回溯期 1年 → 9个月"),
        (
            moved("lookback", "7 days", "14 days", LIVER, criterion="I1, I2", parameter="lab_window", everywhere=True),
            "lab_window 7 → 14 days (I1, I2)",
            "lab_window 7 → 14天（I1, I2）",
        ),
        (
            moved("washout", "42 days", "32 days", MUSTARD, parameter="gap", everywhere=True),
            "I1 Nitrosourea: washout 42 → 32 days",
            "I1 亚硝基脲类：洗脱期 42 → 32天",
        ),
        (
            moved("age", "1", "0", NONE, operator="<", review_only=True),
            "I1 age < 1 → 0 years, for review by a person",
            "I1 年龄 < 1 → 0 岁（须由人判断的条件）",
        ),
        ({"change": "off", "criterion": "I1"}, "without I1", "不计 I1"),
        ({"change": "reading", "criterion": "I1", "reading": "strict"}, "I1 read as strict", "I1 按 strict 解读"),
        ({"change": "unknown_good", "criterion": "all"}, "all that is unknown counts as good", "所有未知视为良好"),
    ],
)  # fmt: skip
def test_a_change_is_said_in_both_languages(where: dict[str, Scalar], english: str, chinese: str) -> None:
    assert change_in_words(where, "en") == english
    assert change_in_words(where, "zh") == chinese


def test_a_limit_alone_its_values_and_its_unit_are_said() -> None:
    where = moved("result", "1.0 '10*9/L'", "0.75 '10*9/L'", NEUTROPHILS, operator=">=")
    washout = moved("washout", "42 days", "0 days", MUSTARD)

    assert limit_in_words(where, "en", moved=False) == "Absolute neutrophil count ≥ 1.0 ×10⁹/L"
    assert (limit_at(where, "en"), limit_unit(where, "en")) == ("0.75 ×10⁹/L", "×10⁹/L")
    assert (limit_at(washout, "zh"), limit_unit(washout, "zh")) == ("0天", "天")
    assert limit_unit(moved("washout", "6 weeks", "36 days", MUSTARD), "en") == "days"
    assert limit_unit(moved("span", "12 'wk'", "9 'wk'", MUSTARD), "en") == "weeks"
    assert limit_unit(moved("multiple", "3", "5", LIVER), "en") == "multiples of the upper limit of normal"


def rows(
    where: dict[str, Scalar], eligible: int, possible: int, incomplete: int = 0, method: str = "ladder"
) -> Iterator[Statistic]:
    for name, count in (("eligible", eligible), ("possible", possible), ("incomplete", incomplete)):
        yield Statistic("what_if", name, 100 + count, context=where, method=method)
        yield Statistic("what_if", f"{name}_more", count, context=where, method=method)


def results(*changes: Iterator[Statistic]) -> Results:
    start = [Statistic("what_if", name, 100, context={"change": "as_written"}) for name in ("eligible", "possible", "incomplete")]
    good = rows({"change": "unknown_good", "criterion": "all"}, 7, 0)
    return Results((*start, *(one for change in changes for one in change), *good), about={"persons": 5000, "on": "2025-06-25"})


def test_only_changes_that_admit_are_told_and_of_equals_the_nearest_and_narrowest() -> None:
    near, far = (
        moved("washout", "21 days", "16 days", MUSTARD, direction=-1),
        moved("washout", "21 days", "0 days", MUSTARD, direction=-1),
    )
    wide, narrow = (
        moved("multiple", "3", "5", asked, operator="<=") for asked in (LIVER, {"asked": 1, "asked_en": "ALT", "asked_zh": "ALT"})
    )
    forgets = moved("lookback", "28 days", "14 days", NEUTROPHILS, direction=-1)
    keeps_out = moved("result", "1 '10*9/L'", "2 '10*9/L'", NEUTROPHILS, operator=">=")
    wanted = moved("result", "1 '10*9/L'", "0.9 '10*9/L'", NEUTROPHILS, operator=">=", direction=-1)
    found = results(
        rows(far, 2, 9), rows(near, 2, 9), rows(wide, 1, 1), rows(narrow, 1, 1), rows(forgets, 0, 30, 30), rows(keeps_out, -3, -8),
        rows(wanted, 0, 0, method="asked"), rows({"change": "off", "criterion": "I2"}, 2, 9),
    )  # fmt: skip

    assert gains(found)[0].where["change"] == "unknown_good"
    assert [gain.where.get("move", gain.where["criterion"]) for gain in telling(gains(found))] == [
        "all", "I2", near["move"], narrow["move"], wanted["move"]
    ]  # fmt: skip
    assert telling(gains(found))[2].where["to"] == "16 days"
    assert telling(gains(found))[3].where["asked"] == 1


def forty() -> Results:
    """Forty changes that all admit somebody, with long names."""
    long = {
        "asked": 2,
        "asked_en": "Systemic anticancer therapy other than chemotherapy, Radiotherapy",
        "asked_zh": "化疗以外的全身抗肿瘤治疗、放射治疗",
    }
    limits = [
        rows(moved("washout", f"{40 + n} days", "7 days", long, criterion=f"I{n:02}"), n, 13 * n, 11 * n) for n in range(1, 26)
    ]
    off = [rows({"change": "off", "criterion": f"I{n:02}"}, 3 * n, 40 * n, 30 * n) for n in range(1, 11)]
    read = [
        rows({"change": "reading", "criterion": f"I{n:02}", "reading": "counted_to_assessment"}, 9 * n, -n) for n in range(1, 6)
    ]
    return results(*limits, *off, *read)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_of_forty_changes_the_best_are_drawn_kind_by_kind_and_the_rest_counted(language: Language) -> None:
    canvas = cohort.what_if(forty(), language)
    labels = [tick.get_text() for tick in canvas.axes[0].get_yticklabels()]
    bars = [len(axes.patches) for axes in canvas.axes]

    assert bars == [24, 24]
    assert len(labels) == 24 + 3  # under three headings
    assert "24" in canvas.notes[1]
    assert "40" in canvas.notes[1]
    assert "5000" in canvas.notes[0] or "5,000" in canvas.notes[0]
    assert canvas.rendered("svg") == cohort.what_if(forty(), language).rendered("svg")
    canvas.close()


def test_where_nothing_admits_the_chart_says_so() -> None:
    canvas = cohort.what_if(results(rows({"change": "off", "criterion": "I1"}, 0, 0)), "en")

    assert "No single change admits anybody." in [text.get_text() for text in canvas.axes[0].texts]
    canvas.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_curve_goes_through_every_value_and_marks_what_is_written(language: Language) -> None:
    points = [(0.5, 30, 400), (1.0, 20, 300), (1.5, 4, 280)]
    found = []
    for at, eligible, possible in points:
        where = {"curve": 1, "at": at, **moved("result", "1.0 '10*9/L'", f"{at} '10*9/L'", NEUTROPHILS, operator=">=")}
        where["direction"] = (at > 1) - (at < 1)
        for name, count in (("eligible", eligible), ("possible", possible), ("incomplete", 99)):
            found.append(Statistic("curve", name, count, context=where))
    canvas = cohort.curve(Results(tuple(found), about={"persons": 5000, "on": "2025-06-25"}), 1, language)
    upper, lower = canvas.axes

    assert [list(map(float, line)) for line in upper.lines[0].get_data()] == [[0.5, 1.0, 1.5], [30, 20, 4]]
    assert list(lower.lines[0].get_ydata()) == [400, 300, 280]
    assert set(upper.lines[1].get_xdata()) == {1.0}
    assert upper.get_ylim()[0] == 0
    assert upper.get_ylim()[1] > 30
    assert "×10⁹/L" in lower.get_xlabel()
    assert canvas.rendered("png")
    canvas.close()


def test_every_kind_of_change_has_its_heading_in_both_languages() -> None:
    from protocord.words import term

    for kind in KINDS:
        assert term(f"figure_what_if_{kind}", "en") != term(f"figure_what_if_{kind}", "zh")


def test_two_things_with_one_limit_are_both_told_where_they_bring_the_same() -> None:
    one, other = (
        rows(moved("multiple", "3", "5", {"asked": 1, "asked_en": name, "asked_zh": name}, operator="<="), 1, 1)
        for name in ("ALT", "AST")
    )

    assert [gain.where.get("asked_en") for gain in telling(gains(results(one, other)))] == [None, "ALT", "AST"]
