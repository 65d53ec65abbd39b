"""The demonstration: invented children out of a study's demo.yaml, each driven through the same door as a real one.

demo.yaml holds `answers` (named sets of answers by form, to be used by many children) and `children`. A child has a `site`, an optional
`identity`, and `steps`, each with `do` and the `day` on which it is done. Wherever a date may stand, `today`, `today-12` and
`today+3` are days counted from the day of loading, and `day-2` from the day of the step, so that the demonstration never grows old;
`day-11-19y` goes on by calendar years, for birthdays, and `day+1T10:05` names a time of that day.

| do | needs | may have |
| --- | --- | --- |
| register | | |
| form | form, visit | use (a named set), answers (over it), repeat, reason |
| assess | | planned_infusion |
| sign | meaning | judgements |
| enrol, fail, rescreen | | criteria, reason |
| plan | day_1 | |
| visit | visit | status |
| withdraw | scope, decided_by, reason | |
| draft | form, visit, answers | |

Each step is done by the coordinator of the child's site, signing, enrolling and failing by the investigator; `by` names another role.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from django.db import transaction

from protocord import conduct
from protocord.conduct import (
    AssessEligibility,
    Decider,
    Enrol,
    PlanCalendar,
    RecordForm,
    RecordVisit,
    RegisterSubject,
    Rescreen,
    Role,
    Scope,
    ScreenFail,
    SignEligibility,
    VisitStatus,
    Wish,
    Withdraw,
)
from protocord.errors import DocumentProblems, Place, Problem
from protocord.forms import ItemAnswer, NullFlavour
from protocord.protocol import Protocol
from protocord.store import actions, clock, folding, people, protocols
from protocord.store.access import SITE_ROLES
from protocord.store.answers import Conflict, Contact, Declined, PersonalIdentity
from protocord.store.models import Membership, User
from protocord.values.dates import anniversary
from protocord.words import say

_DAY = re.compile(r"(today|day)((?:[+-]\d+y?)*)(T\d\d:\d\d)?")
_SHIFT = re.compile(r"([+-]\d+)(y?)")
_OPENS = time(9, 0)  # the hour at a site's clock at which a day's steps begin, a minute apart
_BY_INVESTIGATOR = frozenset({"sign", "enrol", "fail", "rescreen"})
_NAMES = {
    "coordinator": ("Li Wei", "Huang Min", "Zhou Jie", "Wu Fang"),
    "investigator": ("Chen An", "Lin Hua", "Xu Bo", "He Ying"),
    "cell_lab": ("Zhao Lin", "Tang Yu", "Luo Kai", "Ye Qing"),
    "monitor": ("Sun Mei",),
    "data_manager": ("Xie Dan",),
    "statistician": ("He Stan",),
    "sponsor": ("Ma Su",),
    "administrator": ("Guo Adam",),
}
_WORDS = (
    "amber", "bamboo", "cedar", "delta", "ember", "fjord", "ginger", "harbor", "indigo", "jasmine", "kelp", "lantern",
    "maple", "nutmeg", "orchid", "pebble", "quartz", "river", "saffron", "thistle", "umber", "velvet", "willow", "zephyr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account of the demonstration, with its password, to be printed; `site` is the site's id, or empty across sites."""

    username: str
    password: str
    name: str
    role: str
    site: str
    study: str


def load(study_path: Path, today: date) -> tuple[SignIn, ...]:
    """This will install the study, make one account for each role and site, and lead each child of demo.yaml through its steps.

    Raises DocumentProblems naming the child and the step that the study's rules refuse. All or nothing.
    """
    file = study_path / "demo.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    with transaction.atomic():
        study = actions.install_study(study_path, source="simulation")
        protocol = protocols.current(study)
        accounts = _accounts(protocol, today)
        for number, child in enumerate(content["children"], start=1):
            _Child(protocol, child, content.get("answers", {}), today, f"{file.name}: child {number}").live()
    return accounts


def _accounts(protocol: Protocol, today: date) -> tuple[SignIn, ...]:
    """This will make, or find from another study, one account for each role and site, and give it its role."""
    made = []
    for role in Role:
        sites = protocol.study.sites if role in SITE_ROLES else (None,)
        for number, site in enumerate(sites):
            username = role.value.replace("_", "-") + (f"-{site.code}" if site else "")
            name = _NAMES[role.value][number % len(_NAMES[role.value])]
            password = _password(username)
            if not User.objects.filter(username=username).exists():
                actions.create_user(username, name, password, source="simulation")
            held = Membership.objects.filter(user__username=username, study=protocol.study.id)
            if not held.exists():
                site_id = site.id if site else None
                starts = today - timedelta(days=3650)
                actions.grant(username, protocol.study.id, role, site_id, starts=starts, source="simulation")
            made.append(SignIn(username, password, name, role.value, site.id if site else "", protocol.study.id))
    return tuple(made)


def _password(username: str) -> str:
    """The same for the same account, so that a demonstration that is begun anew keeps its passwords. Never for real children."""
    digest = hashlib.sha256(f"protocord demonstration {username}".encode()).digest()
    first, second, number = digest[0] % len(_WORDS), digest[1] % len(_WORDS), 100 + digest[2]
    return f"{_WORDS[first]}-{_WORDS[second]}-{number}"


class _Child:
    """One child on its way through the steps."""

    def __init__(self, protocol: Protocol, child: Mapping[str, Any], sets: Mapping[str, Any], today: date, place: str) -> None:
        self._protocol = protocol
        self._study = protocol.study.id
        self._today = today
        self._child = child
        self._sets = sets
        self._place = place
        self._subject = ""
        self._site = protocol.site(child["site"])
        self._minutes: dict[date, int] = {}

    def live(self) -> None:
        for number, step in enumerate(self._child["steps"], start=1):
            self._take(step, f"{self._place}, step {number} ({step['do']})")
            if step["do"] == "register" and "identity" in self._child:
                self._tell_identity(self._child["identity"], step)

    def _take(self, step: Mapping[str, Any], place: str) -> None:
        on = self._day(step["day"])
        viewer = people.viewer_named(self._username(step), self._today)
        if step["do"] == "draft":
            answers = self._answers(step)
            base = self._base(step)
            actions.save_draft(viewer, self._study, self._subject, step["visit"], step["form"], answers, base_position=base)
            return
        answer = actions.perform(
            viewer,
            self._study,
            self._wish(step, on, viewer.name),
            subject=self._subject,
            reason=step.get("reason", ""),
            source="simulation",
            at=self._moment(on),
        )
        if isinstance(answer, Declined):
            raise DocumentProblems(
                Problem(Place(item=place), f"{refusal.item} {say(refusal.reason, 'en')}".strip()) for refusal in answer.refusals
            )
        if isinstance(answer, Conflict):
            raise DocumentProblems([Problem(Place(item=place), "the form was saved in between.")])
        self._subject = answer.state.id

    def _tell_identity(self, told: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        contacts = tuple(Contact(**contact) for contact in told.get("contacts", ()))
        identity = PersonalIdentity(**{**told, "contacts": contacts})
        viewer = people.viewer_named(self._username(step), self._today)
        actions.set_identity(
            viewer, self._study, self._subject, identity, source="simulation", at=self._moment(self._day(step["day"]))
        )

    def _username(self, step: Mapping[str, Any]) -> str:
        role = step.get("by", "investigator" if step["do"] in _BY_INVESTIGATOR else "coordinator")
        return f"{role.replace('_', '-')}-{self._site.code}"

    def _moment(self, on: date) -> datetime:
        minute = self._minutes[on] = self._minutes.get(on, -1) + 1
        local = datetime.combine(on, _OPENS, ZoneInfo(self._site.time_zone or "UTC")) + timedelta(minutes=minute)
        # A demonstration loaded before nine has done today's steps already: it does not write into the future.
        return min(local.astimezone(UTC), clock.now())

    def _wish(self, step: Mapping[str, Any], on: date, name: str) -> Wish:
        kind = step["do"]
        if kind == "register":
            return RegisterSubject(self._site.id)
        if kind == "form":
            return RecordForm(step["visit"], step["form"], self._answers(step), self._base(step), repeat=step.get("repeat", 1))
        if kind == "assess":
            planned = step.get("planned_infusion")
            return AssessEligibility(on, self._day(planned) if planned is not None else None)
        if kind == "sign":
            state = folding.state(self._study, self._subject)
            seen = state.assessment.content_hash if state and state.assessment else ""
            return SignEligibility(seen, step["meaning"], name, step.get("judgements", {}))
        return self._later_wish(step, on)

    def _later_wish(self, step: Mapping[str, Any], on: date) -> Wish:
        match step["do"]:
            case "enrol":
                return Enrol(on)
            case "fail":
                return ScreenFail(on, tuple(step.get("criteria", ())))
            case "rescreen":
                return Rescreen(on)
            case "plan":
                return PlanCalendar(self._day(step["day_1"]))
            case "visit":
                return RecordVisit(step["visit"], on, VisitStatus(step.get("status", "done")))
            case "withdraw":
                return Withdraw(Scope(step["scope"]), Decider(step["decided_by"]), on)
        raise DocumentProblems(
            [Problem(Place(item=self._place), f"there is no step `{step['do']}`.", "The head of demo.py lists them.")]
        )

    def _answers(self, step: Mapping[str, Any]) -> dict[str, ItemAnswer]:
        base = self._sets.get(step["use"], {}) if "use" in step else {}
        typed = {**base.get(step["form"], {}), **step.get("answers", {})}
        on = self._day(step["day"])
        return {item: self._answer(value, on) for item, value in typed.items() if value is not None}

    def _answer(self, value: Any, on: date) -> ItemAnswer:
        """`value`, or `{value, unit, null, note}`."""
        if isinstance(value, Mapping):
            null = value.get("null")
            text = value.get("value")
            return ItemAnswer(
                value=None if text is None else self._text(text, on),
                unit=value.get("unit"),
                null=None if null is None else NullFlavour(null),
                note=value.get("note", ""),
            )
        return ItemAnswer(self._text(value, on))

    def _text(self, value: Any, on: date) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        text = str(value)
        found = _DAY.fullmatch(text)
        return self._day(text, on).isoformat() + (found[3] or "") if found else text

    def _base(self, step: Mapping[str, Any]) -> int:
        state = folding.state(self._study, self._subject)
        saved = state.forms.get(conduct.FormKey(step["visit"], step["form"], step.get("repeat", 1))) if state else None
        return saved.position if saved else 0

    def _day(self, value: Any, on: date | None = None) -> date:
        if isinstance(value, date):
            return value
        found = _DAY.fullmatch(str(value))
        if found is None:
            return date.fromisoformat(str(value))
        day = on if found[1] == "day" and on is not None else self._today
        for number, years in _SHIFT.findall(found[2]):
            day = anniversary(day, int(number)) if years else day + timedelta(days=int(number))
        return day
