"""How many sets of scans are assessed in a second, by RECIST 1.1 and iRECIST with reasons, best responses and times?

A made-up study of 400 children with three targets, one non-target lesion and ten sets of scans each. Peer, in the same run: the
plain way with a table, which filters the measurements for each child and set and sums them, and does nothing else: no
non-target disease, no new lesions, no reasons, no best response, no times. Limit: at least as many sets a second as that peer.

Run: python benchmarks/bench_response.py [children]
"""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta

import numpy as np
import polars as pl

from protocord.efficacy.inputs import read_inputs
from protocord.efficacy.respond import respond
from protocord.protocol import STUDIES, load

CHILDREN = 400
LIMIT = 1.0
VISITS = {
    "SCR": -9,
    "RA1": 38,
    "EOT": 91,
    "FU3": 182,
    "FU6": 273,
    "FU9": 365,
    "FU12": 456,
    "FU18": 639,
    "FU24": 821,
    "FU30": 1004,
    "FU36": 1186,
}
TARGETS = ("T1", "T2", "T3")


def main() -> None:
    children = int(sys.argv[1]) if len(sys.argv) > 1 else CHILDREN
    tables = study(children, np.random.default_rng(2026))
    protocol = load(STUDIES / "nct06848582")
    inputs = read_inputs(tables)
    respond(protocol, read_inputs(study(2, np.random.default_rng(1))))  # imports and word tables

    started = time.perf_counter()
    found = respond(protocol, inputs)
    ours = time.perf_counter() - started
    sets = sum(len(course.assessed) for course in found.courses)

    started = time.perf_counter()
    answers = plain(inputs.frames["measurements"])
    theirs = time.perf_counter() - started
    targets = {(one.subject, one.visit): one.target.response for course in found.courses for one in course.assessed if one.target}
    same = sum(targets[key] == answer for key, answer in answers.items())

    ratio = theirs / ours
    print(
        f"{sets} sets of scans: ours {ours:.2f} s ({sets / ours:,.0f} a second), plain filtering {theirs:.2f} s ({sets / theirs:,.0f})"
    )
    print(f"target responses alike: {same} of {len(answers)}")
    print(f"ratio {ratio:.1f} (limit {LIMIT:.1f})")
    sys.exit(0 if ratio >= LIMIT and same == len(answers) else 1)


def study(children: int, rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    subjects, lesions, measurements, assessments, events = [], [], [], [], []
    for at in range(children):
        name, start = f"S{at:04d}", date(2025, 1, 6) + timedelta(days=int(rng.integers(0, 300)))
        subjects.append((name, start - timedelta(days=5), start))
        events.append((name, "contact", start + timedelta(days=1200)))
        organs = zip((*TARGETS, "N1"), ("lung", "liver", "bone", "pleura"), strict=True)
        lesions += [(name, lesion, organ, "non_target" if lesion == "N1" else "target", "no", "ct") for lesion, organ in organs]
        sizes = rng.uniform(15, 60, size=len(TARGETS))
        for visit, day in VISITS.items():
            on = start + timedelta(days=day)
            assessments.append((name, visit, on, "no"))
            measurements += [
                (name, visit, lesion, on, "measured", round(float(size), 1)) for lesion, size in zip(TARGETS, sizes, strict=True)
            ]
            measurements.append((name, visit, "N1", on, "present", None))
            sizes = sizes * rng.uniform(0.8, 1.15, size=len(TARGETS))
    return {
        "subjects": pl.DataFrame(subjects, schema=["subject", "enrolled", "first_infusion"], orient="row"),
        "events": pl.DataFrame(events, schema=["subject", "event", "date"], orient="row"),
        "lesions": pl.DataFrame(lesions, schema=["subject", "lesion", "organ", "class", "nodal", "method"], orient="row"),
        "measurements": pl.DataFrame(
            measurements, schema=["subject", "visit", "lesion", "date", "state", "mm"], orient="row", infer_schema_length=None
        ),
        "assessments": pl.DataFrame(assessments, schema=["subject", "visit", "date", "non_target_progression"], orient="row"),
    }


def plain(measurements: pl.DataFrame) -> dict[tuple[str, str], str]:
    """The target response by the four rules alone, child by child and set by set with table filters."""
    answers = {}
    for subject in measurements["subject"].unique(maintain_order=True):
        sums = []
        for visit in VISITS:
            rows = measurements.filter(
                (pl.col("subject") == subject) & (pl.col("visit") == visit) & pl.col("lesion").is_in(TARGETS)
            )
            total = round(float(rows["mm"].sum()), 1)
            if sums:
                nadir = min(sums)
                if round(total * 100, 1) >= round(nadir * 120, 1) and round(total - nadir, 1) >= 5:
                    answers[(subject, visit)] = "PD"
                elif total == 0:
                    answers[(subject, visit)] = "CR"
                else:
                    answers[(subject, visit)] = "PR" if round(total * 100, 1) <= round(sums[0] * 70, 1) else "SD"
            sums.append(total)
    return answers


if __name__ == "__main__":
    main()
