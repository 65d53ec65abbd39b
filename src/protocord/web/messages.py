"""The words of the interface in Chinese: found in templates and code, kept in a .po file, compiled to the .mo file that Django reads.

No tool of the operating system is needed, so that `protocord generate` and the tests run wherever Python runs.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).parent
CATALOGUE = WEB / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
HEADER = {
    "": "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\nLanguage: zh_Hans\nPlural-Forms: nplurals=1; plural=0;\n"
}
CALLS = {"gettext", "gettext_lazy", "_"}


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A text to translate; `plural` is its form for more than one, or empty."""

    text: str
    plural: str = ""


def wanted() -> dict[Message, str]:
    """This will find every text that templates and code ask to translate, each with the first place that asks."""
    found: dict[Message, str] = {}
    for file in sorted((WEB / "templates").rglob("*.html")):
        for message in _in_template(file):
            found.setdefault(message, str(file.relative_to(WEB)))
    for file in sorted(WEB.rglob("*.py")):
        for message in _in_code(file):
            found.setdefault(message, str(file.relative_to(WEB)))
    return found


def _in_template(file: Path) -> Iterator[Message]:
    from django.template import loader
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    template = loader.get_template(str(file.relative_to(WEB / "templates")))
    nodes = template.template.nodelist  # type: ignore[attr-defined]  # the Django engine's own template
    for node in nodes.get_nodes_by_type(TranslateNode):
        yield Message(str(node.filter_expression.var.literal))
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        plural = node.render_token_list(node.plural)[0] if node.plural else ""
        yield Message(node.render_token_list(node.singular)[0], plural)


def _in_code(file: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and node.args:
            said = node.args[0]
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                yield Message(said.value)


def read(text: str) -> dict[Message, str]:
    """This will read a catalogue; an entry marked fuzzy, or without its translation, is an empty text."""
    found: dict[Message, str] = {}
    for block in text.split("\n\n"):
        parts: dict[str, str] = {}
        name, fuzzy = "", False
        for line in block.splitlines():
            if line.startswith("#"):
                fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
                continue
            if not line.startswith('"'):
                name, _, line = line.partition(" ")
            parts[name] = parts.get(name, "") + ast.literal_eval(line)
        if parts.get("msgid"):
            said = parts.get("msgstr", "") or parts.get("msgstr[0]", "")
            found[Message(parts["msgid"], parts.get("msgid_plural", ""))] = "" if fuzzy else said
    return found


def write(translations: Mapping[Message, str], places: Mapping[Message, str]) -> str:
    """This will write a catalogue, in the order of the places that ask."""
    blocks = [f'msgid ""\nmsgstr {_quoted(HEADER[""])}']
    for message, place in sorted(places.items(), key=lambda pair: (pair[1], pair[0])):
        said = _quoted(translations.get(message, ""))
        lines = [f"#: {place}", f"msgid {_quoted(message.text)}"]
        lines += [f"msgid_plural {_quoted(message.plural)}", f"msgstr[0] {said}"] if message.plural else [f"msgstr {said}"]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def compiled(translations: Mapping[Message, str]) -> bytes:
    """This will return the catalogue in the binary form that gettext reads (GNU gettext manual, The Format of GNU MO Files)."""
    pairs = dict(HEADER)
    for message, said in translations.items():
        if said:
            pairs[f"{message.text}\0{message.plural}" if message.plural else message.text] = said
    rows = sorted((key.encode(), value.encode()) for key, value in pairs.items())
    keys, values = b"".join(key + b"\0" for key, _ in rows), b"".join(value + b"\0" for _, value in rows)
    start = 28 + 16 * len(rows)
    index, at = [], start
    for key, _ in rows:
        index.append(struct.pack("<II", len(key), at))
        at += len(key) + 1
    for _, value in rows:
        index.append(struct.pack("<II", len(value), at))
        at += len(value) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(rows), 28, 28 + 8 * len(rows), 0, 0)
    return head + b"".join(index) + keys + values


def generated_files() -> dict[Path, str | bytes]:
    """This will return the catalogue brought up to date with templates and code, and its compiled form."""
    before = read(CATALOGUE.read_text("utf-8")) if CATALOGUE.is_file() else {}
    places = wanted()
    kept = {message: before.get(message, "") for message in places}
    return {CATALOGUE: write(kept, places), CATALOGUE.with_suffix(".mo"): compiled(kept)}


def generate() -> None:
    """This will write the generated files anew."""
    for file, content in generated_files().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
