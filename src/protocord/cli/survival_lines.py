"""Results of times to events as lines for a terminal: months, percent, and a word where there is no number."""

from __future__ import annotations

from collections.abc import Iterator

from protocord.protocol import Protocol
from protocord.protocol.document.efficacy import TimeToEvent
from protocord.report.figures.survival import group_name, length, p_words
from protocord.statistics import Results, Statistic, percent
from protocord.statistics import shown as rounded
from protocord.statistics.results import Scalar
from protocord.values import Language, Particular, Reason
from protocord.words import say, term
from protocord.words.layout import hanging, table

_INDENT = "  "


def survival_lines(results: Results, protocol: Protocol, language: Language) -> Iterator[str]:
    """This will yield each endpoint and variant: every sample's numbers, the tests, and the words for what is missing."""
    for endpoint in protocol.efficacy.time_to_event:
        rows = [one for one in results if one.analysis == endpoint.id and one.context.get("at") not in {"curve", "entry"}]
        for variant in dict.fromkeys(str(one.context["variant"]) for one in rows):
            spoken = _Spoken(endpoint, [one for one in rows if one.context["variant"] == variant], language)
            yield ""
            yield from hanging(spoken.title(variant), first="")
            yield from hanging(spoken.units(), first=_INDENT)
            yield from table(list(spoken.lines()), indent=_INDENT, widest=(24, 44))
            yield from table(list(spoken.tests()), indent=_INDENT, widest=(48,))
            yield from (line for reason in spoken.reasons() for line in hanging(reason, first=f"{_INDENT}* "))


class _Spoken:
    def __init__(self, endpoint: TimeToEvent, rows: list[Statistic], language: Language) -> None:
        self.endpoint = endpoint
        self.rows = rows
        self.language: Language = language
        self.found: list[Reason] = []

    def title(self, variant: str) -> str:
        name, of = self.endpoint.name.say(self.language), {str(one.context.get("analysis_of", "")) for one in self.rows}
        if "landmark" in of:
            ended = next(one for one in self.rows if one.name == "ended_before")
            at = length(str(ended.context["landmark"]), self.language)
            return self.say("survival_landmark_title", endpoint=name, landmark=at, ended=int(ended.value))  # type: ignore[arg-type]
        if "time_dependent" in of:
            return self.say("survival_time_dependent_title", endpoint=name)
        text = next((one.text.say(self.language) for one in self.endpoint.sensitivity if one.id == variant), "")
        return f"{name} ({self.endpoint.abbreviation})" + (f": {text}" if text else "")

    def lines(self) -> Iterator[list[str]]:
        groups = dict.fromkeys(
            str(one.context["group"]) for one in self.rows if "group" in one.context and "comparison" not in one.context
        )
        for group in groups:
            rows = [one for one in self.rows if one.context.get("group") == group and "comparison" not in one.context]
            name = group_name(group, self.language)
            for label, value in self._sample(rows):
                yield [name, label, value]
                name = ""

    def tests(self) -> Iterator[list[str]]:
        """Each test between groups, or against a null, in a line."""
        yield from self._between()
        yield from self._null()

    def units(self) -> str:
        """In which unit times stand, and what the intervals are."""
        say, days = self.say, self.endpoint.days_per_month
        return say("survival_units", days=days, level=self._level, method=f"survival_{self.endpoint.interval}")

    def reasons(self) -> Iterator[str]:
        """What was missing, each reason once."""
        yield from dict.fromkeys(say(reason, self.language) for reason in self.found)

    def _sample(self, rows: list[Statistic]) -> Iterator[tuple[str, str]]:
        counts = {
            one.name: one.value
            for one in rows
            if "p" not in one.context and "at" not in one.context and "cause" not in one.context
        }
        yield term("survival_n", self.language), str(counts["n"])
        yield term("survival_events", self.language), str(counts["n_event"])
        if counts.get("n_competing"):
            yield term("survival_competing_events", self.language), str(counts["n_competing"])
        if any(one.name == "follow_up" for one in rows):
            limits = (self._months(_one(rows, f"follow_up_{end}")) for end in ("lower", "upper"))
            yield term("survival_follow_up", self.language), self._with_limits(self._months(_one(rows, "follow_up")), *limits)
        for p in (0.25, 0.5, 0.75):
            if any(one.name == "quantile" and one.context["p"] == p for one in rows):
                label = term("survival_median", self.language) if p == 0.5 else self.say("survival_quartile", p=int(100 * p))
                numbers = (self._months(_one(rows, name, p=p)) for name in ("quantile", "lower", "upper"))
                yield label, self._with_limits(*numbers)
        for one in rows:
            if one.name in {"survival", "incidence"} and one.context.get("at") == "landmark":
                yield self._landmark(rows, one)
        for one in rows:
            if one.name == "rmst":
                tau = {"tau": one.context["tau"]}
                numbers = (self._months(_one(rows, name, **tau)) for name in ("rmst", "lower", "upper"))
                tau_said = self._months_of(float(one.context["tau"]))  # type: ignore[arg-type]  # days, by its name
                yield self.say("survival_rmst", tau=tau_said), self._with_limits(*numbers)

    def _landmark(self, rows: list[Statistic], one: Statistic) -> tuple[str, str]:
        where = {name: one.context[name] for name in ("landmark", "of") if name in one.context}
        at = length(str(one.context["landmark"]), self.language)
        if one.name == "incidence":
            label = self.say("survival_incidence_at", kind=f"survival_incidence_of_{one.context['of']}", landmark=at)
        else:
            label = self.say("survival_at", landmark=at)
        numbers = [self._percent(_one(rows, name, **where)) for name in (one.name, "lower", "upper")]
        risk = self.say("survival_at_risk_n", n=int(_one(rows, "n_risk", **where).value))  # type: ignore[arg-type]
        return label, self._joined(self._with_limits(*numbers), risk)

    def _between(self) -> Iterator[list[str]]:
        rows = [one for one in self.rows if "comparison" in one.context or "analysis_of" in one.context]
        for one in rows:
            if one.name == "p_value":
                kind = {"mantel_byar": "survival_mantel_byar", "log_rank": "survival_log_rank"}.get(one.method)
                words = (
                    term(kind, self.language) if kind else self.say("survival_gray", kind=f"figure_survival_{one.context['of']}")
                )
                yield [words, self._p(one)]
            if one.name == "hazard_ratio":
                where = {"group": one.context["group"], "reference": one.context["reference"]}
                names = {key: group_name(str(value), self.language) for key, value in where.items()}
                numbers = [self._number(_one(rows, name, **where), 2) for name in ("hazard_ratio", "lower", "upper")]
                check = self.say("survival_proportional", p=self._p(_one(rows, "proportional_hazards_p", **where)))
                p = self._p(_one(rows, "hazard_ratio_p", **where))
                yield [self.say("survival_hazard_ratio", **names), self._joined(self._with_limits(*numbers), p, check)]

    def _null(self) -> Iterator[list[str]]:
        rows = [one for one in self.rows if "null" in one.context]
        if not rows:
            return
        yield [term("survival_milestone", self.language), self._p(_one(rows, "milestone_p"))]
        expected, observed = _one(rows, "expected_events"), next(one for one in self.rows if one.name == "n_event")
        words = self.say("survival_one_sample", observed=int(observed.value), expected=self._number(expected, 1))  # type: ignore[arg-type]
        yield [words, self._p(_one(rows, "one_sample_p"))]

    @property
    def _level(self) -> str:
        return f"{100 * self.endpoint.level:f}".rstrip("0").rstrip(".")

    def _with_limits(self, middle: str, lower: str, upper: str) -> str:
        missing = term("survival_NE", self.language)
        if lower == upper == missing:
            return middle if middle == missing else self.say("survival_without_limits", middle=middle)
        return self.say("survival_with_limits", middle=middle, lower=lower, upper=upper)

    def _joined(self, *parts: str) -> str:
        return ("；" if self.language == "zh" else "; ").join(parts)

    def _months(self, one: Statistic) -> str:
        return self._missing(one) or self._months_of(float(one.value))  # type: ignore[arg-type]  # days, by its unit

    def _months_of(self, days: float) -> str:
        return rounded(days / float(self.endpoint.days_per_month), 1)

    def _percent(self, one: Statistic) -> str:
        return self._missing(one) or percent(float(one.value))  # type: ignore[arg-type]  # a share, by its name

    def _number(self, one: Statistic, digits: int) -> str:
        return self._missing(one) or rounded(float(one.value), digits)  # type: ignore[arg-type]  # a number, by its name

    def _p(self, one: Statistic) -> str:
        return self._missing(one) or self.say("survival_p_limit", p=p_words(float(one.value), self.language))  # type: ignore[arg-type]

    def _missing(self, one: Statistic) -> str:
        if one.reason is None:
            return ""
        self.found.append(one.reason)
        return term("survival_NR" if one.reason.kind.endswith("not_reached") else "survival_NE", self.language)

    def say(self, key: str, **particulars: Particular) -> str:
        return say(Reason.of(key, **particulars), self.language)


def _one(rows: list[Statistic], name: str, **where: Scalar) -> Statistic:
    return next(one for one in rows if one.name == name and all(one.context.get(key) == value for key, value in where.items()))
