"""The sheet that every figure is drawn on: title, axes, footnotes, fonts for both languages, and the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text as MatplotlibText

from protocord.errors import Place, Problem, ProblemsFound
from protocord.values import Language, Reason, Text
from protocord.words import say, term
from protocord.words.layout import wrap

# Colours that people with each kind of colour blindness tell apart (Okabe and Ito 2008); yellow is left out, being too faint on
# white. A figure never tells two things apart by colour alone: each colour goes with the marker, line and hatch of its place.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 2, 1, 2)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 3)))
HATCHES = ("", "///", "...", "\\\\\\", "xx", "---", "++")
GREY = "#666666"

_CHINESE = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei", "WenQuanYi Micro Hei",
    "Noto Sans CJK JP", "Source Han Sans CN", "Arial Unicode MS",
)  # fmt: skip
_LATIN = "DejaVu Sans"  # comes with matplotlib
_POINTS_PER_INCH = 72
_FOOTNOTE_SIZE, _FOOTNOTE_LINE = 8.0, 1.35
_CHARACTER_INCHES = 0.062  # mean width of a Latin letter at the footnote's size
_DOTS_PER_INCH = 150


class Canvas:
    """A figure in one language: `axes` to draw on, a title, footnotes; saved as SVG and PNG.

    `axes` is one matplotlib Axes, or an array of them where `rows` or `columns` is more than one. `width` and `height` are
    inches. Text is drawn as outlines, so that a figure looks the same on a machine without its fonts.
    """

    def __init__(
        self,
        title: Text | str,
        *,
        language: Language = "en",
        width: float = 9.0,
        height: float = 6.0,
        rows: int = 1,
        columns: int = 1,
        height_ratios: Sequence[float] | None = None,
        width_ratios: Sequence[float] | None = None,
        share_x: bool = False,
        share_y: bool = False,
    ) -> None:
        self.language: Language = language
        self.title = title.say(language) if isinstance(title, Text) else title
        self.notes: tuple[str, ...] = ()
        self._style = _style(language)
        with mpl.rc_context(self._style):
            self.figure = Figure(figsize=(width, height), layout="constrained")
            FigureCanvasAgg(self.figure)
            self.axes: Any = self.figure.subplots(
                rows, columns, height_ratios=height_ratios, width_ratios=width_ratios, sharex=share_x, sharey=share_y
            )
            self.figure.suptitle("\n".join(wrap(self.title, int(width * 9.5))), fontsize=12, fontweight="bold")

    @property
    def all_axes(self) -> list[Axes]:
        """Every Axes of the sheet, row by row."""
        return list(self.figure.axes)

    def words(self, key: str) -> str:
        """This will return the fixed term of that key in the figure's language. Raises WordsMissing."""
        return term(key, self.language)

    def say(self, reason: Reason) -> str:
        """This will return the sentence of a reason in the figure's language. Raises WordsMissing."""
        return say(reason, self.language)

    def footnotes(self, notes: Iterable[str | Text]) -> None:
        """This will set the lines below the figure: n, units, censoring, method; each wraps at the sheet's width."""
        self.notes = tuple(note.say(self.language) if isinstance(note, Text) else note for note in notes)

    def rendered(self, form: str) -> bytes:
        """This will return the figure as the bytes of an `svg` or `png` file; drawing it anew gives the same bytes."""
        metadata = {"Title": self.title, "Description": " ".join(self.notes)}
        metadata |= {"Date": None} if form == "svg" else {"Software": None}  # type: ignore[dict-item]
        buffer = BytesIO()
        with mpl.rc_context(self._style):
            placed = self._place_notes()
            for drawn in self.figure.findobj(MatplotlibText):
                # What was drawn outside this context has taken the machine's own fonts; a list of them gives each glyph its font.
                drawn.set_fontfamily(self._style["font.family"])
            self.figure.savefig(buffer, format=form, dpi=_DOTS_PER_INCH, metadata=metadata)
            for text in placed:
                text.remove()
        return buffer.getvalue()

    def save(self, path: Path) -> tuple[Path, Path]:
        """This will write the figure as `path` with the endings .svg and .png, and return both paths."""
        files = (path.with_name(path.name + ".svg"), path.with_name(path.name + ".png"))
        for file in files:
            file.write_bytes(self.rendered(file.suffix[1:]))
        return files

    def close(self) -> None:
        """This will give back the figure's memory."""
        self.figure.clear()

    def _place_notes(self) -> list[Any]:
        width, height = self.figure.get_size_inches()
        columns = int((width - 0.3) / _CHARACTER_INCHES)
        lines = [line for note in self.notes for line in wrap(note, columns)]
        line = _FOOTNOTE_SIZE * _FOOTNOTE_LINE / _POINTS_PER_INCH / height
        bottom = len(lines) * line + (0.06 / height if lines else 0)
        engine = self.figure.get_layout_engine()
        if engine is not None:
            engine.set(rect=(0, bottom, 1, 1 - bottom))  # type: ignore[call-arg]
        return [
            self.figure.text(0.15 / width, bottom - (at + 1) * line, text, fontsize=_FOOTNOTE_SIZE, color="#333333", va="bottom")
            for at, text in enumerate(lines)
        ]


@cache
def chinese_font() -> str | None:
    """This will return the name of an installed font with Chinese characters, None where the machine has none of those known."""
    installed = {font.name for font in fontManager.ttflist}
    return next((name for name in _CHINESE if name in installed), None)


def _style(language: Language) -> dict[Any, Any]:
    """This will return matplotlib's settings for a language. Raises ProblemsFound where Chinese has no font to be drawn with."""
    chinese = chinese_font()
    if language == "zh" and chinese is None:
        remedy = "Install one, on Debian or Ubuntu: sudo apt install fonts-noto-cjk; or ask for --language en."
        raise ProblemsFound([Problem(Place("figure"), "This machine has no font with Chinese characters.", remedy)])
    fonts = [chinese, _LATIN] if language == "zh" and chinese else [_LATIN, *([chinese] if chinese else [])]
    return {
        "font.family": fonts,
        "font.size": 10,
        "axes.unicode_minus": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "axes.titlesize": 10.5,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "svg.fonttype": "path",
        "svg.hashsalt": "protocord",
        "figure.facecolor": "white",
        "path.simplify": False,
    }
