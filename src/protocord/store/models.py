"""The tables. `LedgerEntry` and `ChainHead` are the record; the projections are computed from them; the rest says who may come in.

Nobody outside `protocord.store` imports this module (held by import-linter).
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q


class User(AbstractBaseUser):
    """One person's account. What the person may do stands in `Membership`, nowhere else: there is no superuser."""

    username = models.CharField(max_length=150, unique=True)
    name = models.CharField(max_length=200)  # printed with signatures
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    # Accounts are made by `actions.create_user`; the manager only looks them up.
    objects = BaseUserManager()

    def __str__(self) -> str:
        return self.username


class ProtocolVersion(models.Model):
    """A protocol that was installed: which folder, and the hash that its content must still have."""

    study = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    hash = models.CharField(max_length=64, unique=True)
    path = models.CharField(max_length=1000)
    installed_at = models.DateTimeField()
    current = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study"], condition=Q(current=True), name="one_current_protocol_a_study"),
        ]


class Membership(models.Model):
    """One role of one person in one study, at one site or (site empty) across sites, from a day to a day, both inclusive."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    study = models.CharField(max_length=64)
    role = models.CharField(max_length=32)
    site = models.CharField(max_length=64, blank=True)
    starts = models.DateField()
    ends = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "study", "role", "site", "starts"], name="one_grant_once"),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=models.F("starts")), name="grant_ends_after_start"
            ),
        ]


# --- the record -------------------------------------------------------------------------------------------------------


class ChainHead(models.Model):
    """Where a chain ends. Locked while an entry is appended, so that two writers queue instead of forking the chain."""

    study = models.CharField(max_length=64)
    subject = models.CharField(max_length=64, blank=True)  # empty: the study's own chain
    position = models.IntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["study", "subject"], name="one_head_a_chain")]


class LedgerEntry(models.Model):
    """One entry, as `ledger.Entry` has it. Triggers refuse UPDATE, DELETE, REPLACE and TRUNCATE."""

    study = models.CharField(max_length=64)
    subject = models.CharField(max_length=64, blank=True)  # empty: the study's own chain
    position = models.IntegerField()
    kind = models.CharField(max_length=64)
    body = models.TextField(null=True)  # canonical JSON; null once redacted
    salt = models.CharField(max_length=128, null=True)
    digest = models.CharField(max_length=64)
    protocol_id = models.CharField(max_length=64)
    protocol_version = models.CharField(max_length=32)
    protocol_hash = models.CharField(max_length=64)
    user = models.CharField(max_length=150)  # the sign-in name, not a key: the record stands without the accounts
    role = models.CharField(max_length=32)
    site = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    reason = models.TextField(blank=True)
    source = models.CharField(max_length=16)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["study", "subject", "position"], name="one_entry_a_position")]
        indexes: ClassVar = [models.Index(fields=["study", "at"], name="entries_by_time")]


# --- projections: `projections.rebuild` makes them again from the record -------------------------------------------------


class SubjectRow(models.Model):
    """A subject as lists show it."""

    study = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    site = models.CharField(max_length=64)
    status = models.CharField(max_length=32)
    outcome = models.CharField(max_length=32, blank=True)  # of the latest recorded assessment
    signature = models.CharField(max_length=16, blank=True)  # "", valid, broken
    registered_on = models.DateField()
    enrolled_on = models.DateField(null=True)
    protocol_version = models.CharField(max_length=32)
    position = models.IntegerField()  # the entry up to which this row is computed

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["study", "subject"], name="one_row_a_subject")]
        indexes: ClassVar = [models.Index(fields=["study", "site", "subject"], name="subjects_by_site")]


class VisitRow(models.Model):
    """A visit of a subject: planned window, actual day, how many of its forms are there."""

    study = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    site = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    target = models.DateField(null=True)
    earliest = models.DateField(null=True)
    latest = models.DateField(null=True)
    status = models.CharField(max_length=16, blank=True)  # "", done, missed, skipped
    actual = models.DateField(null=True)
    days_outside = models.IntegerField(default=0)
    forms_done = models.IntegerField()
    forms_expected = models.IntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["study", "subject", "visit"], name="one_row_a_visit")]
        indexes: ClassVar = [models.Index(fields=["study", "site", "earliest"], name="visits_by_window")]


class FormRow(models.Model):
    """A saved form of a subject: who saved it last, when, at which entry."""

    study = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    site = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    form = models.CharField(max_length=64)
    repeat = models.IntegerField()
    position = models.IntegerField()
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=150)
    answered = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "subject", "visit", "form", "repeat"], name="one_row_a_form")
        ]


# --- beside the record ------------------------------------------------------------------------------------------------


class Draft(models.Model):
    """What a person typed and has not saved: no record, nobody else's business, offered again after a crash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    study = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    form = models.CharField(max_length=64)
    repeat = models.IntegerField()
    sealed = models.TextField()  # the answers as JSON, encrypted where the vault has a key
    base_position = models.IntegerField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "study", "subject", "visit", "form", "repeat"], name="one_draft_a_person_and_form"
            ),
        ]


class Identity(models.Model):
    """A child's name, identity number and contacts, encrypted with a key that is not in this database."""

    study = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    site = models.CharField(max_length=64)
    sealed = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["study", "subject"], name="one_identity_a_subject")]
