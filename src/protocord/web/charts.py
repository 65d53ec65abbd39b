"""Pictures as SVG text: the date line of eligibility and the calendar of visits. Plain data in, markup out; colours live in the style sheet.

A picture never says anything by colour alone (each state has its pattern or shape), and each has a table beside it that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

WIDTH = 1160
LEFT = 74  # where the days begin; row names stand before it
RIGHT = 12
ROW = 19
MARK_TEXT = 180  # how much room a mark's words take
PATTERNS = ("not_met", "unknown", "review")


@dataclass(frozen=True, slots=True)
class DateStretch:
    """Days with one state (met, not_met, unknown, review), both inclusive; `end` None: without end. `hint` is read out and shown on hover."""

    start: date
    end: date | None
    state: str
    hint: str


@dataclass(frozen=True, slots=True)
class DateRow:
    """One line of the picture."""

    name: str
    hint: str
    stretches: tuple[DateStretch, ...]
    href: str = ""


@dataclass(frozen=True, slots=True)
class DateMark:
    """A day that is marked from top to bottom: today, the planned infusion."""

    day: date
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Days on a width; `until` is the last day shown, whole."""

    since: date
    until: date
    left: float = LEFT
    width: float = WIDTH - LEFT - RIGHT

    def x(self, day: date) -> float:
        """This will return the left edge of a day, kept within the picture."""
        days = max((self.until - self.since).days + 1, 1)
        at = min(max((day - self.since).days, 0), days)
        return self.left + self.width * at / days


def date_line(
    rows: Sequence[DateRow],
    *,
    since: date,
    until: date,
    title: str,
    description: str,
    windows: Iterable[tuple[date, date | None]] = (),
    window_name: str = "",
    marks: Iterable[DateMark] = (),
) -> str:
    """This will draw when each row's state holds between `since` and `until`; `windows` are shaded through all rows."""
    scale = Scale(since, until)
    top = 88
    height = top + ROW * len(rows) + 10
    parts = [*_axis(scale, top, height - 8)]
    for start, end in windows:
        parts += _window(scale, start, end, top, height - 8, window_name)
    for number, row in enumerate(rows):
        parts += _row(scale, row, top + ROW * number)
    ends = [0.0, 0.0, 0.0]
    for mark in sorted(marks, key=lambda mark: mark.day):
        level = next((free for free, end in enumerate(ends) if scale.x(mark.day) > end), len(ends) - 1)
        ends[level] = scale.x(mark.day) + MARK_TEXT
        parts += _mark(scale, mark, 31 + 14 * level, height - 6)
    return _svg("date-line", height, title, description, parts)


def _svg(name: str, height: float, title: str, description: str, parts: Iterable[str]) -> str:
    return (
        f'<svg class="picture" viewBox="0 0 {WIDTH} {_n(height)}" role="img" aria-labelledby="{name}-title {name}-text" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-text">{escape(description)}</desc>{_patterns()}{"".join(parts)}</svg>'
    )


def _patterns() -> str:
    return (
        '<defs><pattern id="p-not_met" width="7" height="7" patternUnits="userSpaceOnUse">'
        '<path class="pattern-line pl-no" d="M0 7L7 0M-1 1L1 -1M6 8L8 6"/></pattern>'
        '<pattern id="p-unknown" width="6" height="6" patternUnits="userSpaceOnUse"><circle class="pl-ask" cx="3" cy="3" r="1.1"/></pattern>'
        '<pattern id="p-review" width="6" height="6" patternUnits="userSpaceOnUse"><path class="pattern-line pl-judge" d="M3 0V6"/></pattern></defs>'
    )


def swatch(state: str) -> str:
    """This will draw a little sample of a state, for the legend. It uses the patterns of the picture on the same page."""
    pattern = f'<rect width="26" height="14" fill="url(#p-{state})"/>' if state in PATTERNS else ""
    return f'<svg class="swatch" viewBox="0 0 26 14" aria-hidden="true"><rect class="{escape(state)}" x="0.5" y="0.5" width="25" height="13"/>{pattern}</svg>'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _axis(scale: Scale, top: float, bottom: float) -> Iterable[str]:
    """This will draw the days: a line a month, or a week where the picture spans less than 100 days."""
    days = (scale.until - scale.since).days + 1
    yield f'<line class="axis" x1="{LEFT}" y1="{top - 4}" x2="{WIDTH - RIGHT}" y2="{top - 4}"/>'
    before = -100.0
    for day in _ticks(scale.since, scale.until, days):
        x = scale.x(day)
        yield f'<line class="grid" x1="{_n(x)}" y1="{top - 4}" x2="{_n(x)}" y2="{_n(bottom)}"/>'
        if x - before > 68 and x < WIDTH - 60:
            yield f'<text class="small-text" x="{_n(x + 3)}" y="{top - 9}">{day.isoformat()}</text>'
            before = x


def _ticks(since: date, until: date, days: int) -> Iterable[date]:
    if days <= 100:
        day = since - timedelta(days=since.weekday())
        while day <= until:
            if day >= since:
                yield day
            day += timedelta(days=7)
        return
    year, month = since.year, since.month
    while date(year, month, 1) <= until:
        if date(year, month, 1) >= since:
            yield date(year, month, 1)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _window(scale: Scale, start: date, end: date | None, top: float, bottom: float, name: str) -> Iterable[str]:
    last = end or scale.until
    if last < scale.since or start > scale.until:
        return
    x, to = scale.x(start), scale.x(last + timedelta(days=1))
    yield f'<rect class="band" x="{_n(x)}" y="{top - 4}" width="{_n(to - x)}" height="{_n(bottom - top + 4)}"/>'
    if start >= scale.since:
        yield f'<line class="band-edge" x1="{_n(x)}" y1="{top - 4}" x2="{_n(x)}" y2="{_n(bottom)}"/>'
    if end is not None and end <= scale.until:
        yield f'<line class="band-edge" x1="{_n(to)}" y1="{top - 4}" x2="{_n(to)}" y2="{_n(bottom)}"/>'
    said = f"{name} {start.isoformat()} – {end.isoformat() if end else ''}".strip()
    anchor, at = ("start", x) if x < WIDTH - 260 else ("end", to)
    yield f'<text class="band-text" x="{_n(at)}" y="15" text-anchor="{anchor}">{escape(said)}</text>'
    yield f'<line class="band-edge" x1="{_n(x)}" y1="20" x2="{_n(to)}" y2="20"/>'


def _row(scale: Scale, row: DateRow, y: float) -> Iterable[str]:
    name = f'<text class="name" x="4" y="{_n(y + 13)}">{escape(row.name)}<title>{escape(row.hint)}</title></text>'
    yield f'<a href="{escape(row.href)}">{name}</a>' if row.href else name
    for stretch in row.stretches:
        last = stretch.end or scale.until
        if last < scale.since or stretch.start > scale.until:
            continue
        x, to = scale.x(stretch.start), scale.x(last + timedelta(days=1))
        box = f'x="{_n(x)}" y="{_n(y + 2)}" width="{_n(max(to - x - 0.6, 1))}" height="{ROW - 5}"'
        hint = f"<title>{escape(stretch.hint)}</title>"
        yield f'<rect class="{escape(stretch.state)}" {box}>{hint}</rect>'
        if stretch.state in PATTERNS:
            yield f'<rect {box} fill="url(#p-{stretch.state})">{hint}</rect>'


def _mark(scale: Scale, mark: DateMark, y: float, bottom: float) -> Iterable[str]:
    if not scale.since <= mark.day <= scale.until:
        return
    x = scale.x(mark.day) + scale.width / ((scale.until - scale.since).days + 1) / 2
    anchor, dx = ("start", 4) if x < WIDTH - MARK_TEXT else ("end", -4)
    said = f"{mark.name} {mark.day.isoformat()}"
    yield f'<line class="mark-{mark.kind}" x1="{_n(x)}" y1="{_n(y - 10)}" x2="{_n(x)}" y2="{_n(bottom)}"/>'
    yield f'<text class="mark-{mark.kind}-text" x="{_n(x + dx)}" y="{_n(y)}" text-anchor="{anchor}">{escape(said)}</text>'


# --- the calendar -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VisitMark:
    """A visit on the picture: where it is planned or took place, its window, its infusion's number (None: no infusion), its state."""

    id: str
    hint: str
    day: date
    earliest: date
    latest: date
    state: str
    infusion: int | None
    study_day: int
    epoch: str
    href: str = ""


def visit_calendar(
    visits: Sequence[VisitMark],
    *,
    title: str,
    description: str,
    day_words: str,
    today: date,
    today_word: str,
    epochs: Mapping[str, str],
) -> str:
    """This will draw visits in strips: one for the time around the infusions, drawn wide, and one for what follows, drawn narrow."""
    parts: list[str] = []
    y = 0.0
    for strip in _strips(visits):
        drawn, height = _strip(strip, y, day_words, today, today_word, epochs)
        parts += drawn
        y += height
    return _svg("calendar", y, title, description, parts)


def _strips(visits: Sequence[VisitMark]) -> list[list[VisitMark]]:
    """This will split where the visits become rare: after the last one within five weeks of the last infusion."""
    infusions = [visit.day for visit in visits if visit.infusion is not None]
    if not infusions:
        return [list(visits)] if visits else []
    border = max(infusions) + timedelta(days=35)
    near = [visit for visit in visits if visit.day <= border]
    far = [visit for visit in visits if visit.day > border]
    return [strip for strip in (near, far) if strip]


def _strip(
    visits: list[VisitMark], y: float, day_words: str, today: date, today_word: str, epochs: Mapping[str, str]
) -> tuple[list[str], float]:
    first, last = min(visit.earliest for visit in visits), max(visit.latest for visit in visits)
    pad = max((last - first).days // 40, 1)
    scale = Scale(first - timedelta(days=pad), last + timedelta(days=pad), 8, WIDTH - 16)
    height = 190.0
    line = y + 92
    parts = _epoch_bands(scale, visits, y, height, epochs)
    before = -100.0
    for day in _ticks(scale.since, scale.until, 101):
        x = scale.x(day)
        if x - before < 56:
            continue
        before = x
        if x > WIDTH - 60:
            break
        parts.append(f'<line class="grid" x1="{_n(x)}" y1="{_n(y + 26)}" x2="{_n(x)}" y2="{_n(y + height - 8)}"/>')
        parts.append(f'<text class="small-text" x="{_n(x + 3)}" y="{_n(y + height - 11)}">{day:%Y-%m}</text>')
    parts.append(f'<line class="axis" x1="8" y1="{_n(line)}" x2="{WIDTH - 8}" y2="{_n(line)}"/>')
    if scale.since <= today <= scale.until:
        x = scale.x(today)
        parts.append(f'<line class="mark-today" x1="{_n(x)}" y1="{_n(y + 30)}" x2="{_n(x)}" y2="{_n(y + height - 26)}"/>')
        parts.append(
            f'<text class="mark-today-text" x="{_n(x + 4)}" y="{_n(y + 38)}">{escape(today_word)} {today.isoformat()}</text>'
        )
    parts += [_visit_window(scale, visit, line) for visit in visits]
    ends = [-100.0, -100.0]
    for visit in sorted(visits, key=lambda visit: (visit.day, visit.id)):
        x = (scale.x(visit.day) + scale.x(visit.day + timedelta(days=1))) / 2
        level = 0 if x - 27 > ends[0] else 1
        ends[level] = x + 27
        parts += _visit(visit, x, line, level, day_words)
    return parts, height


def _epoch_bands(scale: Scale, visits: list[VisitMark], y: float, height: float, epochs: Mapping[str, str]) -> list[str]:
    parts: list[str] = []
    for epoch, name in epochs.items():
        here = [visit for visit in visits if visit.epoch == epoch]
        if not here:
            continue
        x, to = (
            scale.x(min(visit.earliest for visit in here)) - 4,
            scale.x(max(visit.latest for visit in here) + timedelta(days=1)) + 4,
        )
        parts.append(f'<rect class="epoch" x="{_n(x)}" y="{_n(y + 4)}" width="{_n(to - x)}" height="{_n(height - 12)}" rx="4"/>')
        parts.append(f'<text class="epoch-text" x="{_n(x + 8)}" y="{_n(y + 20)}">{escape(name)}</text>')
    return parts


def _visit_window(scale: Scale, visit: VisitMark, line: float) -> str:
    start, end = scale.x(visit.earliest), scale.x(visit.latest + timedelta(days=1))
    box = f'x="{_n(start)}" y="{_n(line - 9)}" width="{_n(max(end - start, 2))}" height="18"'
    return f'<rect class="window" {box} rx="3"><title>{escape(visit.hint)}</title></rect>'


def _visit(visit: VisitMark, x: float, line: float, level: int, day_words: str) -> list[str]:
    hint = f"<title>{escape(visit.hint)}</title>"
    parts = []
    if visit.infusion is not None:
        dark = " dark" if visit.state in {"due", "skipped"} else ""
        parts.append(f'<circle class="dose {escape(visit.state)}" cx="{_n(x)}" cy="{_n(line)}" r="11">{hint}</circle>')
        parts.append(f'<text class="dose-text{dark}" x="{_n(x)}" y="{_n(line + 4)}">{visit.infusion}</text>')
    else:
        parts.append(f'<path class="visit {escape(visit.state)}" d="M{_n(x)} {_n(line - 8)}l8 8-8 8-8-8z">{hint}</path>')
    top = line - 22 - 16 * level
    bottom = line + 28 + 26 * level
    name = f'<text class="name small-text" x="{_n(x)}" y="{_n(top)}" text-anchor="middle">{escape(visit.id)}{hint}</text>'
    parts.append(f'<a href="{escape(visit.href)}">{name}</a>' if visit.href else name)
    parts.append(f'<text class="small-text" x="{_n(x)}" y="{_n(bottom)}" text-anchor="middle">{visit.day:%m-%d}</text>')
    parts.append(
        f'<text class="small-text" x="{_n(x)}" y="{_n(bottom + 12)}" text-anchor="middle">{escape(day_words.format(day=visit.study_day))}</text>'
    )
    return parts
