"""What does a recorded, chained and projected form cost over a plain save of the same values?

One form of 30 items is saved through `actions.perform` (checks, decision, entry, hash, projection, one transaction), and the same 30 items
are written as 30 rows with the ORM, in one transaction too: 30 objects, 30 times `save()`, nothing read before. Same process, same
database, taking turns. Limit: 2 times that plain save. Beside it, one `bulk_create` of the rows: the least that the ORM can do.

Run: python benchmarks/bench_append.py [sqlite:///file | postgres://user@host/name]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

LIMIT = 2.0
ROUNDS = 150
ITEMS = 30


def main() -> None:
    folder = tempfile.mkdtemp(prefix="protocord-bench-")
    os.environ["PROTOCORD_DATABASE_URL"] = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
    os.environ["PROTOCORD_PLAIN_HTTP"] = "1"
    os.environ["DJANGO_SETTINGS_MODULE"] = "protocord.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    connection.cursor().execute(PLAIN_TABLE[connection.vendor])
    run()


PLAIN_TABLE = {
    "sqlite": "CREATE TABLE bench_item (id integer PRIMARY KEY AUTOINCREMENT, subject text, visit text, form text, item text, "
    "value text, unit text, note text, changed_at datetime, changed_by text, UNIQUE (subject, visit, form, item))",
    "postgresql": "CREATE TABLE bench_item (id bigserial PRIMARY KEY, subject text, visit text, form text, item text, "
    "value text, unit text, note text, changed_at timestamptz, changed_by text, UNIQUE (subject, visit, form, item))",
}


def bench_item() -> Any:
    """The plain table's model: a row an item, as a form without any trail would be kept."""
    from django.db import models

    class Item(models.Model):
        subject = models.TextField()
        visit = models.TextField()
        form = models.TextField()
        item = models.TextField()
        value = models.TextField()
        unit = models.TextField()
        note = models.TextField()
        changed_at = models.DateTimeField()
        changed_by = models.TextField()

        class Meta:
            app_label = "bench"
            db_table = "bench_item"
            managed = False

    return Item


def enrolled() -> tuple[Callable[..., Any], list[str]]:
    """How the coordinator does a thing in the study, and a child for each round, with consent and demographics recorded."""
    from protocord.conduct import RecordForm, RegisterSubject, Role
    from protocord.forms import ItemAnswer
    from protocord.protocol import STUDIES
    from protocord.store import actions, protocols
    from protocord.store.access import viewer_named

    study = actions.install_study(STUDIES / "nct06848582")
    site = protocols.current(study).study.sites[0].id
    actions.create_user("dan", "Dan Li", "correct horse battery staple")
    actions.grant("dan", study, Role.COORDINATOR, site, starts=date(2020, 1, 1))
    perform = partial(actions.perform, viewer_named("dan"), study)
    children: list[str] = []
    for _ in range(ROUNDS):
        done = perform(RegisterSubject(site))
        children.append(done.state.id)
        for form, given in (("consent", CONSENT), ("demographics", {"person.birth_date": "2019-03-14", "person.sex": "male"})):
            typed = {item: ItemAnswer(value) for item, value in given.items()}
            perform(RecordForm("SCR", form, typed), subject=children[-1])
    return perform, children


def run() -> None:
    from django.db import transaction

    from protocord import conduct
    from protocord.conduct import RecordForm
    from protocord.forms import ItemAnswer
    from protocord.store import folding, projections, record
    from protocord.store.actions import subjects

    item, (perform, children), answers = bench_item(), enrolled(), thirty_answers(ItemAnswer)

    def ours(child: str) -> None:
        answer = perform(RecordForm("BL-LAB", "laboratory", answers), subject=child)
        assert type(answer).__name__ == "Done", answer

    def rows(child: str) -> list[Any]:
        place = {"subject": child, "visit": "BL-LAB", "form": "laboratory", "changed_at": datetime.now(UTC), "changed_by": "dan"}
        return [
            item(item=name, value=answer.value or "", unit=answer.unit or "", note=answer.note, **place)
            for name, answer in answers.items()
        ]

    def plain(child: str) -> None:
        with transaction.atomic():
            for row in rows(child):
                row.save()

    def bulk(child: str) -> None:
        with transaction.atomic():
            item.objects.bulk_create(rows(f"{child}-bulk"))

    parts: dict[str, list[float]] = {}
    with (
        timed(conduct, "decide", parts),
        timed(record, "append", parts),
        timed(projections, "update", parts),
        timed(record, "lock", parts),
        timed(folding, "at_head", parts),
        timed(subjects, "_site", parts),
    ):
        times: dict[str, list[float]] = {"perform": [], "plain save": [], "bulk insert": []}
        for number, child in enumerate(children):
            turns = (("perform", ours), ("plain save", plain), ("bulk insert", bulk))
            for name, function in turns if number % 2 else reversed(turns):
                times[name].append(seconds(function, child))
    show(times, parts)


def show(times: dict[str, list[float]], parts: dict[str, list[float]]) -> None:
    middle = {name: statistics.median(values) for name, values in times.items()}
    for name, value in middle.items():
        print(f"{name:<12} {1000 * value:7.2f} ms  (median of {len(times[name])}, {ITEMS} items)")
    for name, values in parts.items():
        print(f"  of perform: {name:<12} {1000 * statistics.median(values):7.2f} ms")
    ratio = middle["perform"] / middle["plain save"]
    print(f"ratio perform / plain save: {ratio:.2f} (limit {LIMIT}): {'met' if ratio <= LIMIT else 'MISSED'}")
    print(
        f"ratio perform / bulk insert: {middle['perform'] / middle['bulk insert']:.2f} (no limit; no trail, no checks, no conflict)"
    )


@contextmanager
def timed(module: object, name: str, parts: dict[str, list[float]]):  # type: ignore[no-untyped-def]
    """This will time every call of one function while the block runs."""
    function = getattr(module, name)

    def run(*given: object, **particulars: object) -> object:
        begin = time.perf_counter()
        try:
            return function(*given, **particulars)
        finally:
            parts.setdefault(name.strip("_"), []).append(time.perf_counter() - begin)

    setattr(module, name, run)
    try:
        yield
    finally:
        setattr(module, name, function)


def seconds(function: Callable[[str], None], child: str) -> float:
    begin = time.perf_counter()
    function(child)
    return time.perf_counter() - begin


CONSENT = {
    "consent.signed_on": "2026-01-05",
    "consent.version": "1.0",
    "consent.approved_version": "yes",
    "consent.signer": "guardian",
    "consent.relation": "mother",
    "consent.taken_by": "DL",
    "assent.assessed_on": "2026-01-05",
    "assent.able": "no",
    "assent.why_not": "six years old",
    "procedures.complete": "yes",
}


def thirty_answers(item_answer: type) -> dict[str, object]:
    """Thirty items of the laboratory form: results with units, limits of normal, for whom they hold."""
    results = {
        "haematology": {"anc": ("2.4", "10*9/L"), "platelets": ("186", "10*9/L"), "haemoglobin": ("108", "g/L")},
        "chemistry": {"alt": ("24", "U/L"), "ast": ("31", "U/L"), "bilirubin": ("9", "umol/L"), "creatinine": ("38", "umol/L")},
    }
    answers = {f"{section}.collected_on": item_answer("2026-01-06") for section in results}
    for section, tests in results.items():
        for test, (value, unit) in tests.items():
            answers[f"{section}.{test}"] = item_answer(value, unit)
            answers[f"{section}.{test}_low"] = item_answer("1")
            answers[f"{section}.{test}_high"] = item_answer("200")
            answers[f"{section}.{test}_child"] = item_answer("yes")
    assert len(answers) == ITEMS, len(answers)
    return answers


if __name__ == "__main__":
    main()
