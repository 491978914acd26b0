"""Why a schema cannot be used, in words: where the fault is, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from executions.sealed.inside.schema_findings import cut, findings

DRAFTS = "4, 6, 7, 2019-09 and 2020-12"
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_DIALECT = re.compile(r"Unknown meta-schema: '(.*?)'", re.DOTALL)
_REPEATED = re.compile(r"\{\d+(,\d*)?\}")
Path = list[str | int]


def fault(document: Any, error: Any) -> tuple[Path, str]:
    """The first fault of the document: where it is, and what is wrong there."""
    text = str(error.message)
    dialect = _DIALECT.match(text)
    if dialect:
        return _place_of(document, ("$schema",), dialect[1]), (
            f"the dialect {cut(dialect[1])} is not known; `$schema` may name the drafts {DRAFTS}"
        )
    if error.kind.name == "$ref":
        return _reference(document, text)
    if error.kind.name == "format" and error.kind.format == "regex":
        return list(
            error.instance_path
        ), f"this pattern cannot be used: {reason(str(error.instance))}"
    path, words = next(findings([error], document))
    return path, f"this is no valid JSON Schema: {words}"


def words_of(error: Exception) -> str:
    """A fault for which the library has no place."""
    if "ecursion" in str(error):
        return "the schema is nested too deeply"
    return f"this is no valid JSON Schema: {cut(str(error))}"


def reason(pattern: str) -> str:
    """Which of the things that linear matching cannot do a pattern does."""
    bare = _bare(pattern)
    if re.search(r"\(\?<?[=!]", bare):
        return "it looks ahead or behind, `(?=`, `(?!`, `(?<=`, `(?<!`, which is not supported"
    if re.search(r"\\[1-9]|\\k<", bare):
        return "it refers back to a group, `\\1`, which is not supported"
    if _REPEATED.search(bare) and _compiles(_REPEATED.sub("?", bare)):
        return "it is too large: repetitions such as `{1,1000}` multiply"
    return "it is no regular expression of JSON Schema (ECMA-262)"


def _bare(pattern: str) -> str:
    """The pattern with its character classes, and escapes that are no references, made plain."""
    plain = re.sub(r"\\[^1-9k]", "x", pattern)
    return re.sub(r"\[\^?\]?[^\]]*\]", "x", plain)


def _compiles(pattern: str) -> bool:
    try:
        jsonschema_rs.validator_for(
            {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions(), offline=True
        )
    except ValueError:
        return False
    return True


def _reference(document: Any, text: str) -> tuple[Path, str]:
    """The reference that leads nowhere. The library names it in its own words only."""
    references = list(_strings(document, _REFERENCES, []))
    broken = next((each for each in references if _tells_of(text, each[1])), None)
    if broken is None:
        return [], "a reference of the schema leads nowhere"
    path, reference = broken
    if text.startswith(("Pointer", "Anchor")):
        return path, f"the schema has nothing at `{cut(reference)}`"
    return path, "a schema cannot refer to another document"


def _tells_of(text: str, reference: str) -> bool:
    quoted = re.search(r"'(.*?)' (?:does not exist|is not present|is invalid)", text, re.DOTALL)
    named = quoted[1] if quoted else ""
    if text.startswith(("Pointer", "Anchor")):
        return bool(named) and reference.partition("#")[2] in (named, _percent(named))
    return not reference.startswith("#") and (
        not named or named.endswith(reference.partition("#")[0])
    )


def _percent(text: str) -> str:
    return text.replace("%", "%25").replace(" ", "%20")


def _place_of(document: Any, names: tuple[str, ...], value: str) -> Path:
    return next(
        (path for path, text in _strings(document, names, []) if text == value), ["$schema"]
    )


def _strings(value: Any, names: tuple[str, ...], path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in names and isinstance(inner, str):
                yield [*path, key], inner
            else:
                yield from _strings(inner, names, [*path, key])
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, names, [*path, index])
