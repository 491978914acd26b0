"""Warnings about texts in which nothing is replaced though it looks so."""

from __future__ import annotations

import pytest

from executions.language import parse

HEAD = "document: {dsl: '1.0.0', namespace: tests, name: one, version: '1.0.0'}\n"
CATCH = "do: [{a: {try: [{x: {set: {n: 1}}}], catch: {errors: {with: %s}}}}]"
CALL = "do: [{a: {call: http, with: {method: get, endpoint: %s}}}]"


def _warnings(text: str) -> list[tuple[str, str]]:
    return [(warning.pointer, warning.message) for warning in parse(HEAD + text).warnings]


@pytest.mark.parametrize(
    ("text", "pointer", "says"),
    [
        (
            CATCH % "{detail: '${ .why }'}",
            "/do/0/a/catch/errors/with/detail",
            "compared as it is written",
        ),
        (
            CATCH % "{title: 'not ${ .why }'}",
            "/do/0/a/catch/errors/with/title",
            "compared as it is written",
        ),
        (
            CALL % "'${ \"http://shop/orders/{id}\" }'",
            "/do/0/a/with/endpoint",
            "`{id}` stays as it is",
        ),
        (
            CALL % "{uri: '${ .base + \"/{order.id}\" }'}",
            "/do/0/a/with/endpoint/uri",
            "`{order.id}` stays",
        ),
        ("do: [{a: {set: {x: 'Hello ${ .name }'}}}]", "/do/0/a/set/x", "stays as it is"),
    ],
)
def test_what_is_not_replaced_is_warned_of_at_its_place(text, pointer, says):
    [(found, message)] = _warnings(text)
    assert found == pointer
    assert says in message


@pytest.mark.parametrize(
    "text",
    [
        CATCH % "{detail: out of stock, status: 404}",
        CALL % "'http://shop/orders/{id}'",
        CALL % "'${ \"http://shop/orders/\\(.id)\" }'",
        CALL % "'${ {id} | \"http://shop/\" + .id }'",
    ],
)
def test_what_is_replaced_or_plain_is_not_warned_of(text):
    assert _warnings(text) == []
