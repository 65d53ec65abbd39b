"""Whatever is done to a study's files, loading answers with a protocol or with problems that name their file, and with nothing else."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocord.errors import DocumentProblems
from protocord.protocol import check_design, describe, load, to_confirm

ODD = (
    "", "null", "[]", "{}", "x", "-1", "1e9", "*a", "&a", "'", "[a, b]", "{a: b}", "- 1", "2026-02-30", "99999999999999999999", "NaN",
    "\t", ": :", "!!python/object:os.system", "!!binary aa", "? a", "|", "> x", "%", "@x", "`", '"', "# ",
)  # fmt: skip


def spoilt(text, line, how, odd):
    """The text with one line taken away, doubled, indented, cut, or with one of its words replaced."""
    lines = text.split("\n")
    at = line % len(lines)
    words = list(re.finditer(r"[\w.-]+", lines[at]))
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(at, lines[at])
    elif how == 2:
        lines[at] = "  " + lines[at]
    elif how == 3:
        lines[at] = lines[at][: line % (len(lines[at]) + 1)]
    elif words:
        word = words[line % len(words)]
        lines[at] = lines[at][: word.start()] + odd + lines[at][word.end() :]
    return "\n".join(lines)


def outcome(small):
    try:
        return load(small.folder), ()
    except DocumentProblems as wrong:
        return None, wrong.problems


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 500), st.integers(0, 8), st.sampled_from(ODD)), min_size=1, max_size=3)
)
def test_a_spoilt_study_loads_or_names_its_problems(small, edits):
    paths = sorted(small.folder.rglob("*.yaml"))
    before = {path: path.read_text("utf-8") for path in paths}
    try:
        for file, line, how, odd in edits:
            path = paths[file % len(paths)]
            path.write_text(spoilt(path.read_text("utf-8"), line, how, odd), "utf-8")

        protocol, problems = outcome(small)

        for problem in problems:
            assert problem.place.file.startswith(str(small.folder))
            assert problem.what.endswith((".", "?"))
        if protocol is None:
            assert problems
        else:
            assert len(protocol.hash) == 64
            assert describe(protocol, "zh")
            check_design(protocol)
            to_confirm(protocol)
    finally:
        for path, text in before.items():
            path.write_text(text, "utf-8")
