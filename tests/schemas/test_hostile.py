"""Schemas and values by attackers: they cost themselves an answer, and nobody else more than a
moment.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from executions import schemas, sealed

PLAIN = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


def doubled(keyword: str, levels: int, reference: str = "$ref") -> dict[str, Any]:
    """Each level refers twice to the next: 2 KB that take 2 ** levels steps."""
    parts: dict[str, Any] = {
        f"d{each}": {keyword: [{reference: f"#/$defs/d{each + 1}"}] * 2} for each in range(levels)
    }
    return {"$defs": {**parts, f"d{levels}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


def check(schema: Any, value: Any, owner: str = "attacker", seconds: float = 0.5) -> list[Any]:
    return schemas.problems(schema, value, owner=owner, seconds=seconds, is_patient=True)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (doubled("allOf", 30), "x"),
        (doubled("anyOf", 30), 5),
        (doubled("oneOf", 30), "x"),
        (doubled("allOf", 30, "$dynamicRef"), "x"),
        ({"contains": doubled("allOf", 26)["$defs"]["d26"], **doubled("oneOf", 28)}, "x"),
        (
            {
                "$defs": doubled("allOf", 30)["$defs"],
                "patternProperties": {".": {"$ref": "#/$defs/d0"}},
            },
            {"a": "x"},
        ),
    ],
    ids=["allOf", "anyOf", "oneOf", "dynamicRef", "contains", "patternProperties"],
)
def test_what_takes_too_long_is_stopped_and_says_so(schema: Any, value: Any) -> None:
    with pytest.raises(schemas.SchemaStopped, match="was stopped"):
        check(schema, value)
    assert check(PLAIN, {"a": 1}, "somebody else") == []


@pytest.mark.parametrize(
    ("schema", "value", "fits"),
    [
        ({"pattern": "^(a+)+$"}, "a" * 30 + "!", False),
        ({"pattern": "(a|a)*$"}, "a" * 50_000 + "!", True),
        (
            {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False},
            {"a" * 40 + "!": 1},
            False,
        ),
        ({"propertyNames": {"pattern": "^(a|aa)+$"}}, {"a" * 45 + "!": 1}, False),
        ({"$ref": "#"}, {"a": [1]}, True),
        (
            {
                "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
                "$ref": "#/$defs/a",
            },
            1,
            True,
        ),
        ({"uniqueItems": True}, [{"a": n, "b": [n]} for n in range(20_000)], True),
        ({"items": {"type": "string"}}, list(range(300_000)), False),
        ({"multipleOf": 0.01}, 10**400, True),
        ({"multipleOf": 1e-300}, 1e300, None),
        ({"contains": {"type": "string"}}, list(range(50_000)), False),
        (nested(90), 1, True),
    ],
    ids=lambda each: str(each)[:40],
)
def test_what_looks_hostile_and_is_cheap_is_answered(
    schema: Any, value: Any, fits: bool | None
) -> None:
    found = check(schema, value, seconds=20.0)
    assert fits is None or (found == []) is fits


class _Spy(http.server.BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = json.dumps({"const": "token-of-metadata"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def spy() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    kind = type("Spy", (_Spy,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/latest/meta-data", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_nothing_is_fetched_and_nothing_shown(
    spy: tuple[str, list[str]], tmp_path: Path, keyword: str
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"const": "the-secret-of-the-file"}))
    address, asked = spy
    for uri in (address, secret.as_uri(), str(secret), "//127.0.0.1/x", "urn:x:y"):
        schema = {"properties": {"a": {keyword: uri}}}
        with pytest.raises(schemas.SchemaUnusable) as caught:
            check(schema, {"a": 1})
        assert "the-secret" not in str(caught.value) and "token-of" not in str(caught.value)
        fault = schemas.fault(schema, owner="1", seconds=2.0)
        assert fault is not None
        assert (fault.path, str(fault)) == (
            ("properties", "a", keyword),
            "a schema cannot refer to another document",
        )
    inside = {"$id": address, "$ref": "other.json"}
    assert schemas.fault(inside, owner="1", seconds=2.0) is not None
    assert asked == []


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)b", "it looks ahead or behind"),
        ("(?!a)b", "it looks ahead or behind"),
        ("x(?<=a)b", "it looks ahead or behind"),
        ("x(?<!a)b", "it looks ahead or behind"),
        (r"(a)\1", "it refers back to a group"),
        (r"(?<n>a)\k<n>", "it refers back to a group"),
        ("(a{1,1000}){1,1000}", "it is too large"),
        (r"\pL{1,300}", "it is too large"),
        (r"(?:[\pL\d]{1,200}x){1,2}$", "it is too large"),
        (r"a\Z", "it is no regular expression"),
        ("(", "it is no regular expression"),
    ],
)
@pytest.mark.parametrize("place", ["pattern", "patternProperties", "propertyNames"])
def test_a_pattern_that_cannot_be_used_is_refused_with_the_reason(
    pattern: str, reason: str, place: str
) -> None:
    places: dict[str, dict[str, Any]] = {
        "pattern": {"pattern": pattern},
        "patternProperties": {"patternProperties": {pattern: {}}},
        "propertyNames": {"propertyNames": {"pattern": pattern}},
    }
    fault = schemas.fault(places[place], owner="1", seconds=5.0)
    assert fault is not None
    assert str(fault).startswith(f"this pattern cannot be used: {reason}")
    assert fault.path[0] == place


@pytest.mark.parametrize(
    "pattern", ["[(?=]x", r"\\1{3}", "(?:a|b){1,20}", r"^\d{3}-\d{4}$", r"\p{L}+"]
)
def test_a_pattern_that_only_looks_like_one_that_cannot_is_taken(pattern: str) -> None:
    assert schemas.fault({"pattern": pattern}, owner="1", seconds=5.0) is None


@pytest.mark.parametrize(
    ("schema", "path", "words"),
    [
        (
            {"$schema": "http://json-schema.org/draft-03/schema#"},
            ("$schema",),
            "drafts 4, 6, 7, 2019-09 and 2020-12",
        ),
        (
            {"$schema": "https://example.com/mine"},
            ("$schema",),
            "https://example.com/mine is not known",
        ),
        ({"type": "objekt"}, ("type",), "this is no valid JSON Schema: "),
        (
            {"properties": {"a": {"minimum": "x"}}},
            ("properties", "a", "minimum"),
            '"x" is not of type "number"',
        ),
        (
            {"items": {"$ref": "#/$defs/no"}},
            ("items", "$ref"),
            "the schema has nothing at `#/$defs/no`",
        ),
        ({"items": {"$ref": "#no"}}, ("items", "$ref"), "the schema has nothing at `#no`"),
        (nested(300), (), "the schema is nested too deeply"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_the_place_and_the_reason(
    schema: Any, path: tuple[str, ...], words: str
) -> None:
    fault = schemas.fault(schema, owner="1", seconds=5.0)
    assert fault is not None
    assert fault.path == path
    assert words in str(fault)


def test_who_does_not_want_to_wait_behind_own_slow_checks_is_told_so() -> None:
    sealed.configure(sealed.Limits(slow=1))
    slow = doubled("oneOf", 40)
    with ThreadPoolExecutor(16) as threads:
        asked = [
            threads.submit(schemas.problems, slow, "x", owner="attacker", seconds=0.3)
            for _ in range(16)
        ]
        problems = [type(each.exception()) for each in asked]
    assert set(problems) == {schemas.SchemaBusy, schemas.SchemaStopped}


def test_a_check_of_another_owner_does_not_wait_for_slow_ones() -> None:
    """Not a measure of speed: the slow ones take seconds each, one after the other."""
    slow = doubled("oneOf", 40)
    check(PLAIN, {"a": 1}, "somebody else")
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(check, slow, "x", seconds=2.0) for _ in range(4)]
        began, quick = time.monotonic(), 0
        while not all(each.done() for each in asked):
            assert check(PLAIN, {"a": 1}, "somebody else") == []
            quick += 1
        passed = time.monotonic() - began
        assert all(isinstance(each.exception(), schemas.SchemaStopped) for each in asked)
    assert quick > 10 * passed
