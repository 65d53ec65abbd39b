"""The store as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Registers the signals that write sign-ins to the ledger, and the checks before serving."""

    name = "protocord.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from protocord.store import readiness, signins

        readiness.register()
        signins.connect()
