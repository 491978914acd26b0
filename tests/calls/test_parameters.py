from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from executions.calls.http.arguments import HttpArguments, http_address
from executions.calls.parameters import uri_template
from executions.calls.python.arguments import PythonArguments

GOOD_HTTP: list[dict[str, Any]] = [
    {"method": "get", "endpoint": "https://x.example"},
    {
        "method": "POST",
        "endpoint": "http://localhost:8001/a/{id}?b={c}",
        "body": [1, None, "${ .x }"],
    },
    {
        "method": "${ .method }",
        "endpoint": "${ .address }",
        "headers": "${ .headers }",
        "query": "${ .query }",
    },
    {"method": "put", "endpoint": {"uri": "https://x.example"}, "headers": {"X-Id": "${ .id }"}},
    {
        "method": "put",
        "endpoint": {"uri": "${ .a }", "authentication": {"bearer": {"token": "${ .t }"}}},
    },
    {"method": "put", "endpoint": {"uri": "https://x.example", "authentication": {"use": "shop"}}},
    {
        "method": "put",
        "endpoint": {"uri": "https://x.example", "authentication": {"basic": {"use": "shop"}}},
    },
    {
        "method": "get",
        "endpoint": "https://x.example",
        "query": {"a": 1, "b": [True, "x"]},
        "output": "raw",
    },
    {"method": "get", "endpoint": "https://x.example", "redirect": True},
    {"method": "get", "endpoint": "https://{host}:443/x"},
    {"method": "get", "endpoint": "https://[::1]:8000/x"},
]
BAD_HTTP: list[dict[str, Any]] = [
    {},
    {"method": "get"},
    {"method": "connect", "endpoint": "https://x.example"},
    {"method": "", "endpoint": "https://x.example"},
    {"method": 3, "endpoint": "https://x.example"},
    {"method": "get", "endpoint": "x.example"},
    {"method": "get", "endpoint": "ftp://x.example"},
    {"method": "get", "endpoint": "https://"},
    {"method": "get", "endpoint": "https:///path"},
    {"method": "get", "endpoint": "https://me:secret@x.example"},
    {"method": "get", "endpoint": "https://x.example/a b"},
    {"method": "get", "endpoint": "https://x.example/\n"},
    {"method": "get", "endpoint": "https://x.example/{a"},
    {"method": "get", "endpoint": "https://x.example/{+a}"},
    {"method": "get", "endpoint": "https://x.example/{}"},
    {"method": "get", "endpoint": {"uri": "https://x.example", "authentication": {}}},
    {
        "method": "get",
        "endpoint": {
            "uri": "https://x.example",
            "authentication": {
                "bearer": {"token": "t"},
                "basic": {"username": "u", "password": "p"},
            },
        },
    },
    {
        "method": "get",
        "endpoint": {"uri": "https://x.example", "authentication": {"basic": {"username": "u"}}},
    },
    {"method": "get", "endpoint": "https://x.example", "headers": {"a b": "c"}},
    {"method": "get", "endpoint": "https://x.example", "headers": {"a": "b\r\nc: d"}},
    {"method": "get", "endpoint": "https://x.example", "headers": {"a": 1}},
    {"method": "get", "endpoint": "https://x.example", "headers": "text"},
    {"method": "get", "endpoint": "https://x.example", "query": "a=b"},
    {"method": "get", "endpoint": "https://x.example", "output": "json"},
    {"method": "get", "endpoint": "https://x.example", "redirect": "yes"},
    {"method": "get", "endpoint": "https://x.example", "retries": 3},
]


@pytest.mark.parametrize("arguments", GOOD_HTTP)
def test_arguments_of_an_http_call_are_taken(arguments: dict[str, Any]) -> None:
    assert HttpArguments.model_validate(arguments).method == arguments["method"]


@pytest.mark.parametrize("arguments", BAD_HTTP)
def test_wrong_arguments_of_an_http_call_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HttpArguments.model_validate(arguments)


@pytest.mark.parametrize("arguments", [{}, {"a": "${ .b }"}, "${ .arguments }"])
def test_arguments_of_a_python_call_are_an_object_or_an_expression(arguments: Any) -> None:
    found = PythonArguments.model_validate({"function": "csv.read", "arguments": arguments})
    assert (found.function, found.arguments) == ("csv.read", arguments)


@pytest.mark.parametrize(
    "wrong", [{}, {"function": ""}, {"function": "f", "arguments": [1]}, {"function": "f", "x": 1}]
)
def test_wrong_arguments_of_a_python_call_are_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        PythonArguments.model_validate(wrong)


def test_a_uri_that_is_no_address_can_still_name_a_type() -> None:
    assert uri_template("urn://x/{kind}") == "urn://x/{kind}"
    with pytest.raises(ValueError, match="cannot be called"):
        http_address("urn://x/{kind}")
