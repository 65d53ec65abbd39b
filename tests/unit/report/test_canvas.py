"""A figure comes out the same each time, in either language, with its footnotes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from protocord.errors import ProblemsFound
from protocord.report import canvas as sheets
from protocord.report.canvas import HATCHES, LINES, MARKERS, PALETTE, Canvas
from protocord.values import LANGUAGES, Language, Text


def drawn(language: Language = "en") -> Canvas:
    canvas = Canvas(Text("Survival", "生存"), language=language, width=5, height=4)
    canvas.axes.plot([0, 1, 2], [1.0, 0.5, -0.2], marker=MARKERS[0], color=PALETTE[0])
    canvas.axes.set_xlabel(canvas.words("result_value"))
    canvas.footnotes([Text("n = 40; censored times are marked. " * 4, "共40例；删失以竖线标记。" * 6)])
    return canvas


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_is_written_as_svg_and_png_with_the_same_bytes_each_time(tmp_path: Path, language: Language) -> None:
    canvas = drawn(language)

    svg, png = canvas.save(tmp_path / "figure")

    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert ET.parse(svg).getroot().tag.endswith("svg")
    again = drawn(language)
    assert again.rendered("svg") == svg.read_bytes()
    assert again.rendered("png") == png.read_bytes()
    canvas.close()


def test_title_and_footnotes_stand_in_the_svg_as_text_for_those_who_cannot_see_it() -> None:
    svg = drawn("zh").rendered("svg").decode()

    assert "生存" in svg
    assert "删失以竖线标记" in svg


def test_footnotes_stay_on_the_sheet_below_the_axes() -> None:
    canvas = drawn()
    canvas.rendered("png")
    bottom = canvas.axes.get_tightbbox().y0 / canvas.figure.bbox.height

    assert len(canvas.notes) == 1
    assert bottom > 0.05


def test_a_machine_without_chinese_characters_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "chinese_font", lambda: None)

    with pytest.raises(ProblemsFound, match="fonts-noto-cjk"):
        drawn("zh")
    assert drawn("en").rendered("png")


def test_drawing_leaves_the_settings_of_others_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    drawn().rendered("svg")

    assert dict(mpl.rcParams) == before


def test_each_place_in_the_palette_has_its_own_marker_line_and_hatch() -> None:
    assert len(PALETTE) == len(MARKERS) == len(LINES) == len(HATCHES) == len(set(MARKERS)) == len({str(line) for line in LINES})
