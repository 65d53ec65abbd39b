"""How codes look and what they are called: one table for every status, so that a flag never differs between two screens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Label:
    """Words for a code, the tone of its colour (yes, no, ask, judge, calm, brand) and its icon."""

    words: str | Promise | Any
    tone: str = "calm"
    icon: str = "circle"


LABELS: dict[str, dict[str, Label]] = {
    "answer": {
        "met": Label(_("met"), "yes", "circle-check"),
        "not_met": Label(_("not met"), "no", "circle-cross"),
        "unknown": Label(_("unknown"), "ask", "circle-question"),
        "review": Label(_("review"), "judge", "eye"),
    },
    "outcome": {
        "": Label(_("not assessed"), "calm", "dash"),
        "eligible": Label(_("eligible"), "yes", "circle-check"),
        "ineligible": Label(_("not eligible"), "no", "circle-cross"),
        "incomplete": Label(_("incomplete"), "ask", "circle-question"),
        "review": Label(_("needs judgement"), "judge", "eye"),
    },
    "status": {
        "screening": Label(_("in screening"), "brand", "circle-half"),
        "screen_failed": Label(_("screen failure"), "no", "circle-cross"),
        "enrolled": Label(_("enrolled"), "yes", "circle-check"),
        "withdrawn": Label(_("withdrawn"), "calm", "out"),
    },
    "signature": {
        "": Label(_("not signed"), "calm", "dash"),
        "valid": Label(_("signed"), "yes", "pen"),
        "broken": Label(_("signature broken"), "no", "pen-broken"),
    },
    # How a visit stands: the store's words and the schedule's, which agree in meaning.
    "visit": {
        "not_planned": Label(_("not planned yet"), "calm", "dash"),
        "scheduled": Label(_("scheduled"), "calm", "circle"),
        "planned": Label(_("scheduled"), "calm", "circle"),
        "due": Label(_("due"), "ask", "clock"),
        "overdue": Label(_("overdue"), "no", "triangle"),
        "started": Label(_("forms missing"), "brand", "circle-half"),
        "complete": Label(_("complete"), "yes", "circle-check"),
        "done": Label(_("done"), "yes", "circle-check"),
        "done_out_of_window": Label(_("done out of window"), "no", "diamond-alert"),
        "missed": Label(_("missed"), "no", "circle-cross"),
        "skipped": Label(_("skipped"), "judge", "skip"),
    },
    "role": {
        "coordinator": Label(_("Coordinator")),
        "investigator": Label(_("Investigator")),
        "cell_lab": Label(_("Cell laboratory")),
        "monitor": Label(_("Monitor")),
        "data_manager": Label(_("Data manager")),
        "statistician": Label(_("Statistician")),
        "sponsor": Label(_("Sponsor")),
        "administrator": Label(_("Administrator")),
        "system": Label(_("System")),
    },
    "source": {
        "web": Label(_("screen")),
        "api": Label(_("interface")),
        "cli": Label(_("command line")),
        "import": Label(_("import")),
        "simulation": Label(_("simulation")),
    },
    "kind": {
        "subject_registered": Label(_("Subject registered"), "brand", "person-add"),
        "form_saved": Label(_("Form saved"), "brand", "form"),
        "assessment_recorded": Label(_("Eligibility assessed"), "brand", "question"),
        "eligibility_signed": Label(_("Eligibility signed"), "yes", "pen"),
        "signature_broken": Label(_("Signature broken"), "no", "pen-broken"),
        "subject_enrolled": Label(_("Enrolled"), "yes", "circle-check"),
        "screen_failed": Label(_("Screen failure"), "no", "circle-cross"),
        "screening_reopened": Label(_("Screened again"), "brand", "refresh"),
        "calendar_planned": Label(_("Calendar planned"), "brand", "calendar"),
        "visit_recorded": Label(_("Visit recorded"), "brand", "calendar"),
        "deviation_opened": Label(_("Protocol deviation"), "no", "diamond-alert"),
        "subject_withdrawn": Label(_("Withdrawn"), "calm", "out"),
        "identity_stored": Label(_("Identity stored"), "judge", "lock"),
        "identity_seen": Label(_("Identity looked at"), "judge", "eye"),
        "protocol_installed": Label(_("Protocol installed"), "brand", "book"),
        "account_created": Label(_("Account made"), "brand", "key"),
        "account_changed": Label(_("Account changed"), "brand", "key"),
        "access_changed": Label(_("Access changed"), "brand", "key"),
        "signed_in": Label(_("Signed in"), "calm", "right"),
        "signed_out": Label(_("Signed out"), "calm", "out"),
        "sign_in_failed": Label(_("Sign-in failed"), "no", "triangle"),
        "account_locked": Label(_("Account locked"), "no", "lock"),
        "exported": Label(_("Exported"), "brand", "download"),
        "seal": Label(_("Sealed"), "yes", "chain"),
        "redaction": Label(_("Redacted by law"), "no", "ban"),
    },
    "work": {
        "consent": Label(_("Consent to record"), "no", "form"),
        "signature_broken": Label(_("Signatures broken by a change"), "no", "pen-broken"),
        "visit_overdue": Label(_("Visits overdue"), "no", "triangle"),
        "visit_due": Label(_("Visits due"), "ask", "clock"),
        "screen_fail": Label(_("To close as screen failures"), "no", "circle-cross"),
        "sign": Label(_("To sign"), "judge", "pen"),
        "enrol": Label(_("To enrol"), "yes", "person-add"),
        "plan": Label(_("Calendar to plan"), "brand", "calendar"),
        "forms_missing": Label(_("Forms missing"), "ask", "form"),
        "assess": Label(_("Eligibility to assess"), "brand", "question"),
        "complete_screening": Label(_("Screening to complete"), "ask", "circle-question"),
    },
    "null": {
        "not_done": Label(_("not done")),
        "unknown": Label(_("not known")),
        "not_applicable": Label(_("not applicable")),
        "refused": Label(_("refused")),
    },
    "yes_no": {"yes": Label(_("Yes")), "no": Label(_("No")), "True": Label(_("Yes")), "False": Label(_("No"))},
    "origin": {
        "registry": Label(_("registry")),
        "sibling": Label(_("sister trial")),
        "standard": Label(_("standard")),
        "convention": Label(_("our convention")),
        "not_retrieved": Label(_("not retrieved")),
    },
    "level": {
        "primary": Label(_("primary")),
        "secondary": Label(_("secondary")),
        "exploratory": Label(_("exploratory")),
    },
    "criterion_type": {"inclusion": Label(_("Inclusion")), "exclusion": Label(_("Exclusion"))},
    "scope": {
        "treatment": Label(_("treatment")),
        "follow_up": Label(_("follow-up")),
        "data_use": Label(_("all use of data")),
    },
    "decider": {
        "participant": Label(_("the participant")),
        "guardian": Label(_("the guardian")),
        "investigator": Label(_("the investigator")),
        "sponsor": Label(_("the sponsor")),
    },
    "sex": {"female": Label(_("female")), "male": Label(_("male")), "intersex": Label(_("intersex"))},
    # The fields of an entry's body.
    "particular": {
        "site": Label(_("site")),
        "visit": Label(_("visit")),
        "form": Label(_("form")),
        "form_version": Label(_("form version")),
        "base": Label(_("opened at entry")),
        "repeat": Label(_("time")),
        "warnings": Label(_("explained")),
        "on": Label(_("on")),
        "outcome": Label(_("outcome")),
        "content_hash": Label(_("content")),
        "planned_infusion": Label(_("infusion planned")),
        "assessment": Label(_("assessment at entry")),
        "signature": Label(_("signature at entry")),
        "meaning": Label(_("meaning")),
        "name": Label(_("name")),
        "judgements": Label(_("judgements")),
        "criteria": Label(_("criteria")),
        "day_1": Label(_("day 1")),
        "status": Label(_("state")),
        "what": Label(_("what")),
        "days": Label(_("days")),
        "scope": Label(_("scope")),
        "decided_by": Label(_("decided by")),
        "fields": Label(_("fields")),
        "version": Label(_("version")),
        "hash": Label(_("hash")),
        "user": Label(_("user")),
        "role": Label(_("role")),
        "granted": Label(_("granted")),
        "starts": Label(_("from")),
        "ends": Label(_("until")),
        "address": Label(_("address")),
        "rows": Label(_("rows")),
        "root": Label(_("root")),
        "position": Label(_("entry")),
    },
    "fact_status": {
        "recorded": Label(_("recorded")),
        "not_done": Label(_("not done")),
        "excluded": Label(_("kept, not used")),
    },
}


def label_of(family: str, code: str) -> Label:
    """This will return words, tone and icon of a code; a code that nobody named shows as itself, so that nothing is hidden."""
    return LABELS[family].get(code) or Label(code.replace("_", " "))
