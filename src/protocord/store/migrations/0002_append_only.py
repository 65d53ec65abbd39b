"""The ledger's table takes entries and gives none up."""

from django.db import migrations

from protocord.store import append_only


class Migration(migrations.Migration):
    dependencies = [("store", "0001_tables")]

    operations = [migrations.RunPython(append_only.guard, append_only.unguard)]
