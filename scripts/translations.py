"""Collects the sentences that people read and keeps their translations.

``python scripts/translations.py`` writes ``django.po`` (what is new has an empty translation, what
is gone is dropped; other ``.po`` files beside it are taken in), ``django.mo``, which Django reads,
and the words of scripts. ``--check`` writes nothing and says what is missing. It needs no other
tool.

Sentences are found in templates, in Python (``_("…")``), in scripts (``_("…")``), and in the rows
of tables, which are plain data: ``TABLES`` names the parts of a row that pages show.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import struct
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("dashboard", "executions", "stigmer_site")
LANGUAGE = "de"
FOLDER = ROOT / "stigmer_site" / "locale" / LANGUAGE / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
SCRIPTS = ROOT / "static" / "js"
SCRIPT_WORDS = SCRIPTS / "words" / f"{LANGUAGE}.js"
HEADER = (
    f"Language: {LANGUAGE}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
)


class Row(NamedTuple):
    """The parts of a row that pages show: by their names, and by their places in the call."""

    names: tuple[str, ...]
    places: tuple[int, ...] = ()
    folder: str | tuple[str, ...] = "executions/"


# Doors of people refuse with what these rooms say; what others say is read by programs and logs.
REFUSING = (
    "dashboard/",
    "executions/attention/",
    "executions/audit/acknowledging",
    "executions/bulk/",
    "executions/inbound/sources",
    "executions/intake/readiness",
    "executions/intake/resources",
    "executions/intake/saying",
    "executions/models/saved_view",
    "executions/models/transactions",
    "executions/objectives/",
    "executions/outbound/channels",
    "executions/policy",
    "executions/schedules/",
    "executions/sight",
    "executions/tokens",
    "executions/verbs/",
    "executions/workspaces/serving",
)
VERB = ("label", "only", "question", "warning", "done", "done_to", "way", "summary", "meaning")
TABLES: Mapping[str, Row] = {
    "Look": Row(("word",), (0,)),
    "PhaseRow": Row(("override", "way_back")),
    "Words": Row(("title", "once"), (0,), "executions/journal/"),
    "Column": Row(("title",), (1,), "dashboard/"),
    "Argument": Row(("label", "note", "help"), folder="executions/verbs/"),
    "Sheet": Row(("label", "button"), folder="executions/verbs/"),
    "Choice": Row(("words",), (1,), "executions/verbs/"),
    "Refused": Row(("remedy",), (1,), REFUSING),
    "Finding": Row((), (1,), REFUSING),
    "Promise": Row(("says",), (0,), "executions/sandbox/"),
    # A kind of problem: title, meaning, remedy; a kind of channel: its label.
    "Kind": Row((), (1, 2, 3, 4), ("executions/api/problems", "executions/outbound/kinds/")),
    "Attention": Row(("word",), (0,), "executions/models/"),
}
# Enumerations whose values are said as they are.
SAID_AS_THEY_ARE = frozenset({"WaitingFor"})
_PLAIN = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop", "N_", "Said"})
_PLURAL = frozenset({"ngettext", "ngettext_lazy"})
_CALL = re.compile(r"\b_\(\s*(\"(?:[^\"\\\n]|\\.)*\")")
_MARKED = re.compile(r"\b(_|n?p?gettext)\(")
_COUNTED = re.compile(r"\|plural:\"([^\"]+)\"")


class Key(NamedTuple):
    """What is said in English; ``plural`` of many, ``context`` where a word has several senses."""

    text: str
    plural: str = ""
    context: str = ""


@dataclass
class Entry:
    """A sentence: the files in which it stands, and its translation (two where it counts)."""

    places: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)


Catalogue = dict[Key, Entry]


# --- What is to be translated ---


def collected() -> dict[Key, set[str]]:
    """Every sentence of the sources, with the files in which it stands."""
    files_of: dict[Key, set[str]] = {}
    for path, key in _everything():
        files_of.setdefault(key, set()).add(path.relative_to(ROOT).as_posix())
    return files_of


def _everything() -> Iterator[tuple[Path, Key]]:
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            yield from ((path, key) for key in of_template(path.read_text(encoding="utf-8")))
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                module = path.relative_to(ROOT).as_posix()
                text = path.read_text(encoding="utf-8")
                yield from ((path, key) for key in of_python(text, module))
    for path in script_files():
        yield from ((path, key) for key in of_script(path.read_text(encoding="utf-8")))


def script_files() -> list[Path]:
    return [path for path in sorted(SCRIPTS.rglob("*.js")) if path.parent != SCRIPT_WORDS.parent]


def of_template(text: str) -> Iterator[Key]:
    """The sentences of a template, as Django's own tags give them."""
    for word in _COUNTED.findall(text):
        yield counted(word)
    source = templatize(text)
    for match in _MARKED.finditer(source):
        texts = _literals(source[match.end() :])
        name = match[1]
        if name == "npgettext":
            yield Key(texts[1], texts[2], texts[0])
        elif name == "ngettext":
            yield Key(texts[0], texts[1])
        elif name == "pgettext":
            yield Key(texts[1], "", texts[0])
        else:
            yield Key(texts[0])


_LITERAL = re.compile(r"\s*u?((?:'(?:[^'\\]|\\.)*')|(?:\"(?:[^\"\\]|\\.)*\"))\s*,?", re.DOTALL)


def _literals(text: str) -> list[str]:
    """The strings with which the arguments of a call begin."""
    literals, at = [], 0
    while match := _LITERAL.match(text, at):
        literals.append(str(ast.literal_eval(match[1])))
        at = match.end()
    return literals


def counted(word: str) -> Key:
    """Of ``dashboard.words.count``: a number and a word."""
    return Key(f"{{number}} {word}", f"{{number}} {word}s")


def of_script(text: str) -> Iterator[Key]:
    for literal in _CALL.findall(text):
        yield Key(json.loads(literal))


def of_python(text: str, module: str) -> Iterator[Key]:
    """The sentences of a module, and those of the rows of tables in it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield from _of_call(node, module)
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(node)


def _of_call(node: ast.Call, module: str) -> Iterator[Key]:
    name = _name(node.func)
    arguments = [_text(each) for each in node.args]
    if name in _PLAIN and arguments and arguments[0]:
        yield Key(arguments[0])
    elif name in _PLURAL and len(arguments) > 1 and arguments[0] and arguments[1]:
        yield Key(arguments[0], arguments[1])
    elif name == "pgettext" and len(arguments) > 1 and arguments[0] and arguments[1]:
        yield Key(arguments[1], "", arguments[0])
    elif (
        name == "count" and module.startswith("dashboard/") and len(arguments) > 1 and arguments[1]
    ):
        yield counted(arguments[1])
    elif name == "Verb" and module.startswith("executions/verbs/rows/"):
        yield from _of_verb(node)
    elif name in TABLES and module.startswith(TABLES[name].folder):
        row = TABLES[name]
        values = [*(arguments[at] for at in row.places if at < len(arguments))]
        values += [_text(each.value) for each in node.keywords if each.arg in row.names]
        yield from (Key(value) for value in values if value)


def _of_verb(node: ast.Call) -> Iterator[Key]:
    """The parts of a verb's row, and its name as it stands in a sentence and begins one."""
    parts = {each.arg: _text(each.value) for each in node.keywords}
    name = parts["name"]
    shown = [name, name[0].upper() + name[1:], *(parts.get(each, "") for each in VERB)]
    # A button says the first clause of the command's help, as a sentence.
    shown.append(
        parts["command"].partition(";")[0].rstrip(".") + "." if "has_button" in parts else ""
    )
    yield from (Key(each) for each in shown if each)


def _of_class(node: ast.ClassDef) -> Iterator[Key]:
    is_choice = any(_name(base) == "TextChoices" for base in node.bases)
    if not is_choice and node.name not in SAID_AS_THEY_ARE:
        return
    for line in node.body:
        if not isinstance(line, ast.Assign):
            continue
        value = line.value
        if is_choice:
            value = value.elts[1] if isinstance(value, ast.Tuple) and len(value.elts) > 1 else value
        if text := _text(value):
            yield Key(text)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else ""  # type: ignore[attr-defined]


# --- What is kept ---

_LINE = re.compile(r'^(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d)\])?) )?"(.*)"$')


def read(text: str) -> Catalogue:
    """The entries of a PO file; the header is left out."""
    catalogue: Catalogue = {}
    for block in re.split(r"\n\s*\n", text):
        parts: dict[str, str] = {}
        at, places = "", set()
        for line in block.splitlines():
            if line.startswith("#:"):
                places.update(line[2:].split())
            match = _LINE.match(line.strip())
            if match is None:
                continue
            at = match[1] or at
            parts[at] = parts.get(at, "") + ast.literal_eval(f'"{match[3]}"')
        if parts.get("msgid"):
            key = Key(parts["msgid"], parts.get("msgid_plural", ""), parts.get("msgctxt", ""))
            said = [parts[name] for name in sorted(parts) if name.startswith("msgstr")]
            catalogue[key] = Entry(places, said if all(said) else [])
    return catalogue


def written(catalogue: Catalogue) -> str:
    lines = ['msgid ""', 'msgstr ""', *(_quoted(line) for line in HEADER.splitlines(True)), ""]
    for key in sorted(catalogue, key=lambda key: (key.text.casefold(), key)):
        entry = catalogue[key]
        lines += [f"#: {place}" for place in sorted(entry.places)]
        lines += _said("msgctxt", key.context) if key.context else []
        lines += _said("msgid", key.text)
        lines += _said("msgid_plural", key.plural) if key.plural else []
        said = entry.said or [""] * (2 if key.plural else 1)
        names = [f"msgstr[{at}]" for at in range(len(said))] if key.plural else ["msgstr"]
        for name, text in zip(names, said, strict=True):
            lines += _said(name, text)
        lines.append("")
    return "\n".join(lines)


def _said(name: str, text: str) -> list[str]:
    if "\n" not in text:
        return [f"{name} {_quoted(text)}"]
    return [f'{name} ""', *(_quoted(line) for line in text.splitlines(True))]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def compiled(catalogue: Catalogue) -> bytes:
    """The same as Django reads it (GNU's binary form)."""
    rows = {"": HEADER}
    for key, entry in catalogue.items():
        if entry.said:
            head = f"{key.context}\x04" if key.context else ""
            tail = f"\x00{key.plural}" if key.plural else ""
            rows[f"{head}{key.text}{tail}"] = "\x00".join(entry.said)
    pairs = sorted((name.encode(), said.encode()) for name, said in rows.items())
    many, start = len(pairs), 28
    at = start + 16 * many
    tables: list[bytes] = []
    for side in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[side]), at))
            at += len(pair[side]) + 1
    head = struct.pack("<IIIIIII", 0x950412DE, 0, many, start, start + 8 * many, 0, at)
    texts = [pair[side] + b"\x00" for side in (0, 1) for pair in pairs]
    return head + b"".join(tables) + b"".join(texts)


def words_of_scripts(catalogue: Catalogue) -> str:
    """The translations that scripts need, as a script that is loaded before them."""
    own = {
        key.text: entry.said[0]
        for key, entry in sorted(catalogue.items())
        if entry.said and any(place.startswith("static/js/") for place in entry.places)
    }
    text = json.dumps(own, ensure_ascii=False, indent=2)
    return f"// Written by scripts/translations.py.\nglobalThis.stigmerWords = {text};\n"


def renewed(kept: Catalogue, sentences: Mapping[Key, Iterable[str]]) -> Catalogue:
    """The translations that are still needed; what nobody translated yet is empty."""
    return {
        key: Entry(set(places), kept[key].said if key in kept else [])
        for key, places in sentences.items()
    }


# --- What is wrong ---

_PARTS = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?\w+[^>]*>|`[^`]+`")


def problems(kept: Catalogue, sentences: Mapping[Key, object]) -> list[str]:
    """What a reader would stumble over: no translation, another placeholder, a leftover."""
    complaints = [f"nothing says any more: {key.text!r}" for key in kept if key not in sentences]
    for key in sentences:
        said = kept[key].said if key in kept else []
        if not said:
            complaints.append(f"not translated: {key.text!r}")
        for text in said:
            if missing := _differing(key, text):
                complaints.append(f"{key.text!r} and its translation differ in {missing}")
    return sorted(complaints)


def _differing(key: Key, text: str) -> str:
    def parts(of: str) -> Counter[str]:
        return Counter(_PARTS.findall(of))

    own = parts(text)
    wanted = [parts(each) for each in (key.text, key.plural) if each]
    if own in wanted:
        return ""
    return ", ".join((own - wanted[0]) + (wanted[0] - own))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; say what is missing")
    is_check = parser.parse_args(arguments).check
    kept: Catalogue = {}
    for path in sorted(FOLDER.glob("*.po"), key=lambda path: path == PO):
        # The catalogue itself counts most.
        of_file = read(path.read_text(encoding="utf-8"))
        kept.update({key: entry for key, entry in of_file.items() if entry.said})
    sentences = collected()
    if not is_check:
        catalogue = renewed(kept, sentences)
        PO.write_text(written(catalogue), encoding="utf-8")
        MO.write_bytes(compiled(catalogue))
        SCRIPT_WORDS.parent.mkdir(exist_ok=True)
        SCRIPT_WORDS.write_text(words_of_scripts(catalogue), encoding="utf-8")
    complaints = problems(kept if is_check else renewed(kept, sentences), sentences)
    for line in complaints:
        print(line)
    print(f"{len(sentences)} sentences, {len(complaints)} problems")
    return 1 if complaints and is_check else 0


if __name__ == "__main__":
    sys.exit(main())
