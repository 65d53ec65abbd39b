"""Every address of the application. `store` names who may open each; a test walks this list."""

from __future__ import annotations

from django.urls import include, path

from protocord.web.pages import access, audit, calendar, eligibility, entry, errors, home, identity, protocol, register, subjects

SUBJECT = "studies/<slug:study>/subjects/<str:subject>/"
FORM = SUBJECT + "visits/<str:visit>/forms/<str:form>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("language/", home.language, name="language"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("studies/<slug:study>/", home.work, name="work"),
    path("studies/<slug:study>/protocol/", protocol.synopsis, name="protocol"),
    path("studies/<slug:study>/protocol/schedule/", protocol.schedule, name="protocol_schedule"),
    path("studies/<slug:study>/protocol/criteria/", protocol.criteria, name="protocol_criteria"),
    path("studies/<slug:study>/protocol/to-confirm/", protocol.to_confirm_page, name="protocol_to_confirm"),
    path("studies/<slug:study>/subjects/", subjects.matrix, name="subjects"),
    path("studies/<slug:study>/register/", register.register, name="register"),
    path(SUBJECT, subjects.subject, name="subject"),
    path(SUBJECT + "withdraw/", subjects.withdraw, name="withdraw"),
    path(SUBJECT + "identity/", identity.look, name="identity"),
    path(SUBJECT + "identity/change/", identity.change, name="identity_change"),
    path(SUBJECT + "eligibility/", eligibility.board, name="board"),
    path(SUBJECT + "eligibility/assess/", eligibility.assess, name="assess"),
    path(SUBJECT + "eligibility/sign/", eligibility.sign, name="sign"),
    path(SUBJECT + "eligibility/enrol/", eligibility.enrol, name="enrol"),
    path(SUBJECT + "eligibility/screen-fail/", eligibility.screen_fail, name="screen_fail"),
    path(SUBJECT + "eligibility/rescreen/", eligibility.rescreen, name="rescreen"),
    path(SUBJECT + "eligibility/worksheet/", eligibility.worksheet, name="worksheet"),
    path(SUBJECT + "calendar/", calendar.calendar, name="calendar"),
    path(SUBJECT + "calendar/plan/", calendar.plan, name="plan"),
    path(SUBJECT + "calendar/visits/<str:visit>/", calendar.record_visit, name="record_visit"),
    path(FORM, entry.form, name="form"),
    path(FORM + "check/", entry.check, name="form_check"),
    path(FORM + "draft/", entry.draft, name="form_draft"),
    path(FORM + "draft/discard/", entry.discard, name="form_discard"),
    path(FORM + "history/<str:item>/", entry.history, name="item_history"),
    path("studies/<slug:study>/audit/", audit.trail, name="audit"),
    path("studies/<slug:study>/audit/export/", audit.export, name="audit_export"),
    path("studies/<slug:study>/ledger/", audit.ledger, name="ledger"),
    path("studies/<slug:study>/access/", access.people, name="access"),
    path("studies/<slug:study>/access/grant/", access.grant, name="access_grant"),
    path("studies/<slug:study>/access/revoke/", access.revoke, name="access_revoke"),
]

handler403 = errors.refused
handler404 = errors.missing
handler500 = errors.broken
