"""The one door for writes. Each action is one transaction: checked, appended to the ledger, projected, or nothing at all."""

from protocord.store.actions.accounts import (
    check_password,
    close_account,
    create_user,
    grant,
    record_account_change,
    record_export,
    record_sign_in,
    revoke,
    set_language,
    set_password,
)
from protocord.store.actions.drafts import discard_draft, save_draft
from protocord.store.actions.identities import look_at_identity, reseal_vault, set_identity
from protocord.store.actions.studies import install_study, seal
from protocord.store.actions.subjects import next_subject_number, perform

__all__ = [
    "check_password",
    "close_account",
    "create_user",
    "discard_draft",
    "grant",
    "install_study",
    "look_at_identity",
    "next_subject_number",
    "perform",
    "record_account_change",
    "record_export",
    "record_sign_in",
    "reseal_vault",
    "revoke",
    "save_draft",
    "seal",
    "set_identity",
    "set_language",
    "set_password",
]
