"""The table of times, checked against the document and cut into the samples that are analysed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import polars as pl

from protocord.efficacy.columns import TIMES
from protocord.efficacy.endpoints import MAIN
from protocord.errors import Place, Problem, Refused
from protocord.protocol import Protocol
from protocord.protocol.document.efficacy import TimeToEvent
from protocord.protocol.document.elements import Span
from protocord.statistics.survival.sample import Floats, Integers
from protocord.tables import TableProblems, fingerprint, problem, read

ALL = "all"  # the group that everyone is in
_CODES = {"censored": 0, "event": 1, "competing": 2}
_RESPONSES = {"cr", "pr", "sd", "pd", "ne", "responder", "non-responder", "non_responder", "nonresponder", "non-cr/non-pd"}
_MONTHS_IN_A_YEAR = 12


@dataclass(frozen=True, eq=False)
class Times:
    """A read and checked table of times: its frame, its name in problems, and the fingerprint of what it holds."""

    frame: pl.DataFrame
    file: str
    inputs: str


@dataclass(frozen=True, eq=False)
class Group:
    """One sample: the times of an endpoint's variant in one group, in days; `status` 0 censored, 1 event, 2 competing event."""

    endpoint: TimeToEvent
    variant: str
    by: str
    name: str
    subject: tuple[str, ...]
    time: Floats
    status: Integers
    cause: tuple[str, ...]

    @property
    def context(self) -> dict[str, str]:
        """What tells its statistics from those of other samples."""
        return {"variant": self.variant, **({"by": self.by} if self.by else {}), "group": self.name}


def read_times(protocol: Protocol, source: Path | pl.DataFrame, *, file: str = "") -> Times:
    """This will read a table of times (see `columns.TIMES`) and check it against the document.

    Raises TableProblems naming each row whose endpoint or variant the document lacks, whose event lies before its day one, or
    that has a competing event where the document names none.
    """
    name = file or (TIMES.name if isinstance(source, pl.DataFrame) else source.name)
    frame = read(TIMES, source, file=name).with_columns(pl.col("variant").fill_null(MAIN))
    problems = list(_wrong(protocol, frame, name))
    if problems:
        raise TableProblems(problems)
    return Times(frame, name, fingerprint(frame))


def _wrong(protocol: Protocol, frame: pl.DataFrame, file: str) -> Iterator[Problem]:
    known = {endpoint.id: endpoint for endpoint in protocol.efficacy.time_to_event}
    for row, name, variant, days, status in frame.select("row", "endpoint", "variant", "days", "status").iter_rows():
        if name not in known:
            yield problem(file, row, "endpoint", f"{name!r} is no time to event of the study.", _alike(name, list(known)))
            continue
        endpoint = known[name]
        variants = [MAIN, *(one.id for one in endpoint.sensitivity)]
        if variant not in variants:
            yield problem(file, row, "variant", f"{variant!r} is no variant of {name}.", _alike(variant, variants))
        if status != "censored" and days < endpoint.day_one:
            what = f"an event of {name} on day {days} lies before the origin, which has the value {endpoint.day_one}."
            yield problem(file, row, "days", what, "Count from the origin, or correct the document's day_one.")
        if status == "competing" and not endpoint.competing:
            what = f"{name} has no competing events in the document."
            yield problem(file, row, "status", what, "Name them in efficacy.yaml, or give an event or a censoring.")


def _alike(name: str, known: list[str]) -> str:
    alike = get_close_matches(name, known, n=1)
    return f"Did you mean {alike[0]!r}?" if alike else f"There are: {', '.join(known) or 'none'}."


def endpoint_named(protocol: Protocol, name: str) -> TimeToEvent:
    """This will return a time to event of the document. Raises Refused with the names that there are."""
    for endpoint in protocol.efficacy.time_to_event:
        if endpoint.id == name:
            return endpoint
    known = [endpoint.id for endpoint in protocol.efficacy.time_to_event]
    raise Refused([Problem(Place(), f"{name!r} is no time to event of the study.", _alike(name, known))])


def days_in(span: Span, endpoint: TimeToEvent) -> float:
    """This will return a length of time in days, months and years by the endpoint's days in a month."""
    if span.days is not None:
        return float(span.days)
    months = span.number * (_MONTHS_IN_A_YEAR if span.unit == "year" else 1)
    return float(months * endpoint.days_per_month)


def samples(times: Times, endpoint: TimeToEvent, by: str) -> Iterator[tuple[Group, tuple[Group, ...]]]:
    """This will yield, variant by variant, the sample of everyone and (with `by`) those of the groups."""
    own = times.frame.filter(pl.col("endpoint") == endpoint.id)
    for variant in [MAIN, *(one.id for one in endpoint.sensitivity)]:
        part = own.filter(pl.col("variant") == variant)
        if not part.height:
            continue
        whole = _group(part, endpoint, variant, "", ALL)
        if not by:
            yield whole, ()
            continue
        names = sorted(part[by].unique().to_list())
        yield whole, tuple(_group(part.filter(pl.col(by) == name), endpoint, variant, by, name) for name in names)


def _group(part: pl.DataFrame, endpoint: TimeToEvent, variant: str, by: str, name: str) -> Group:
    status = np.array([_CODES[one] for one in part["status"]], dtype=np.int64)
    causes = tuple(cause or "" for cause in part["cause"])
    days = part["days"].to_numpy().astype(np.float64)
    return Group(endpoint, variant, by, name, tuple(part["subject"]), days, status, causes)


def check_grouping(times: Times, by: str, endpoints: tuple[str, ...]) -> None:
    """This will see that `by` is a column with a word in every row, and not a response.

    Raises TableProblems, or Refused for a comparison of survival by response from time zero: it is immortal-time bias.
    """
    if by not in times.frame.columns or by in {"row", *TIMES.names}:
        context = [name for name in times.frame.columns if name not in {"row", *TIMES.names}]
        raise TableProblems(
            [problem(times.file, None, by, "is not there to group by.", f"Context columns: {', '.join(context) or 'none'}.")]
        )
    part = times.frame.filter(pl.col("endpoint").is_in(list(endpoints)))
    words = {str(word).strip().lower() for word in part[by].drop_nulls().unique()}
    if "respon" in by.lower() or (words and words <= _RESPONSES):
        raise refused_as_immortal(by)
    empty = part.filter(pl.col(by).is_null())["row"].to_list()
    if empty:
        raise TableProblems([problem(times.file, row, by, "is empty.", "Give each row its group.") for row in empty])


def refused_as_immortal(name: str) -> Refused:
    """This will return the refusal of a comparison of survival between responders and others from time zero."""
    what = (
        f"Survival by {name!r} from time zero is immortal-time bias: whoever responded has lived to respond, "
        "and is given that time for nothing."
    )
    remedy = "Use --response with --landmark (response by then, among those under observation then) or with --time-dependent."
    return Refused([Problem(Place(), what, remedy)])
