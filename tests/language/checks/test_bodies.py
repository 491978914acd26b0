"""The body of `call: http` fits the content type under which it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.language.texts import only_problem, parsed


def task(body: Any, content_type: str | None) -> str:
    headers = {} if content_type is None else {"content-Type": content_type}
    call = {"method": "post", "endpoint": "https://shop.example/", "headers": headers, "body": body}
    return f"- a: {json.dumps({'call': 'http', 'with': call})}"


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/xml",
        "Text/XML; charset=utf-8",
        "application/soap+xml",
        "text/csv",
        "application/yaml",
        "application/x-ndjson",
        "application/octet-stream",
        "image/png",
        "application/pdf",
    ],
)
@pytest.mark.parametrize("body", [{"name": "tea"}, ["tea"], {"deep": [{"name": "${ .name }"}]}])
def test_an_object_under_a_type_that_holds_none_is_refused(body: Any, content_type: str) -> None:
    problem = only_problem(task(body, content_type))
    assert problem.pointer == "/do/0/a/with/body"
    assert f"cannot be sent as {content_type.partition(';')[0].lower()}" in problem.message


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ({"a": 1}, None),
        ({"a": 1}, "application/json; charset=utf-8"),
        ({"a": 1}, "application/vnd.api+json"),
        ({"a": 1}, "application/x-amz-json-1.1"),
        ([1], "application/json"),
        ({"a": [1, True]}, "text/plain"),
        ({"a": [1, "${ .b }"]}, "application/x-www-form-urlencoded"),
        ("<a/>", "application/xml"),
        ("${ .xml }", "application/xml"),
        ({"a": 1}, "${ .type }"),
        ({"a": 1}, "application/vnd.shop.v2"),
    ],
)
def test_what_can_be_sent_is_accepted(body: Any, content_type: str | None) -> None:
    parsed(task(body, content_type))


def test_a_form_has_fields_and_no_lists_of_objects() -> None:
    form = "application/x-www-form-urlencoded"
    assert "a list cannot be sent as a form" in only_problem(task(["a"], form)).message
    assert only_problem(task({"a": {"b": 1}}, form)).pointer == "/do/0/a/with/body/a"
    assert only_problem(task({"a": [{"b": 1}]}, form)).pointer == "/do/0/a/with/body/a"


def test_functions_under_use_are_looked_at_too() -> None:
    call = (
        "{method: post, endpoint: 'https://a.example/', headers: {content-type: text/xml}, body:"
        " {a: 1}}"
    )
    top = f"use: {{functions: {{send: {{call: http, with: {call}}}}}}}"
    assert only_problem("- a: {call: send}", top).pointer == "/use/functions/send/with/body"
