"""Secrets: placeholders stand in for them, and nothing that comes back shows one in any form."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.expressions import evaluate
from executions.secrets import Secrets, SecretUnavailable, shown, why_not_searched

NONCE = "Zm9vYmFyYmF6"
VALUES = {
    "api": "hunter2-x/y",
    "db": {"user": "bob-the-user", "password": 'pä"ss\\wörd!'},
    "pin": "123",
    "": "",
}
ASCII = st.characters(codec="ascii")
SECRET_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=30).filter(
    lambda text: not why_not_searched(text)
)


def secrets() -> Secrets:
    one = Secrets(VALUES, NONCE)
    one.placeholders(["api", "db", "missing"])
    return one


def test_a_placeholder_travels_through_an_expression_and_is_filled_in_at_the_edge() -> None:
    one = Secrets(VALUES, NONCE)
    variables = {"secrets": one.placeholders(["api", "db"])}
    header = evaluate('"Bearer \\($secrets.api)/\\($secrets.db.password)"', None, variables)
    assert "hunter2" not in header
    assert NONCE in header
    assert one.fill({"headers": [header], header: 1}) == {
        "headers": ['Bearer hunter2-x/y/pä"ss\\wörd!'],
        'Bearer hunter2-x/y/pä"ss\\wörd!': 1,
    }
    assert shown({"h": header}) == {"h": "Bearer [secret api]/[secret db.password]"}


def test_placeholders_are_the_same_each_time_an_execution_is_driven() -> None:
    assert Secrets(VALUES, NONCE).placeholders(["api", "db"]) == Secrets(
        VALUES, NONCE
    ).placeholders(["db", "api"])
    assert Secrets(VALUES, NONCE).placeholders(["api"]) != Secrets(
        VALUES, NONCE + "0"
    ).placeholders(["api"])


@pytest.mark.parametrize(
    ("source", "name", "words"),
    [
        ("$secrets.other", "other", "not declared"),
        ('"x \\($secrets.other)"', "other", "not declared"),
        ("$secrets.pin", "pin", "not declared"),
        ("$secrets.missing", "missing", "no value is configured"),
        ("$secrets.db.host", "db.host", "it has no property"),
    ],
)
def test_a_secret_that_is_not_there_is_an_authorization_error(
    source: str, name: str, words: str
) -> None:
    variables = {"secrets": Secrets(VALUES, NONCE).placeholders(["api", "db", "missing"])}
    with pytest.raises(SecretUnavailable, match=f"'{name}'.*{words}") as caught:
        evaluate(source, None, variables)
    assert caught.value.error.type.endswith("/authorization")
    assert caught.value.error.status == 403


def test_a_forged_placeholder_of_an_undeclared_secret_is_refused() -> None:
    forged = Secrets(VALUES, NONCE).placeholders(["pin"])["pin"]
    with pytest.raises(SecretUnavailable):
        secrets().fill(forged)


def test_a_placeholder_of_another_execution_stays_as_it_is() -> None:
    foreign = Secrets(VALUES, "another0nonce").placeholders(["api"])["api"]
    assert secrets().fill(foreign) == foreign


@pytest.mark.parametrize("nonce", ["", "short", "not-letters-and-digits"])
def test_a_weak_nonce_is_refused(nonce: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        Secrets({}, nonce)


def forms(text: str) -> list[str]:
    raw = text.encode()
    return [
        text,
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        quote(text, safe=""),
        quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        html.escape(text),
        raw.hex(),
        text.lower(),
        text.upper(),
    ]


@settings(max_examples=200, deadline=None)
@given(SECRET_TEXTS, st.text(max_size=10), st.text(max_size=10))
def test_no_form_of_a_secret_survives_redaction(secret: str, before: str, behind: str) -> None:
    one = Secrets({"key": secret}, NONCE)
    for form in forms(secret):
        shown = one.redact({"deep": [f"{before}{form}{behind}"], form: True})
        assert secret not in shown["deep"][0]
        assert form not in shown["deep"][0]
        assert form not in "".join(key for key in shown if key != "deep")


@given(
    st.text(ASCII, min_size=12, max_size=30).filter(lambda text: not why_not_searched(text)),
    st.text(ASCII, max_size=9),
)
def test_a_secret_inside_a_base64_text_is_found_wherever_it_stands(secret: str, user: str) -> None:
    header = base64.b64encode(f"{user}:{secret}".encode()).decode()
    assert header not in Secrets({"key": secret}, NONCE).redact(f"Basic {header}")


@given(st.lists(SECRET_TEXTS, min_size=2, max_size=4), st.randoms())
def test_secrets_that_contain_each_other_are_all_found(texts: list[str], random: Any) -> None:
    values = {f"k{n}": text for n, text in enumerate([*texts, texts[0] + texts[1]])}
    shown = Secrets(values, NONCE).redact(" ".join(values.values()))
    assert not any(text in shown for text in values.values())


def test_redaction_leaves_all_else_alone() -> None:
    value = {"a": ["1234", 123.5, None, True, "abc"], "b": {"c": "pin 123"}}
    assert secrets().redact(value) == value


@pytest.mark.parametrize(
    "value",
    ["admin", "2024", "test", "1202400", "customer", "20241231", "password", "aaaaaaaaaaaa"],
)
def test_short_and_common_values_are_not_searched_for(value: str) -> None:
    one = Secrets({"x": value}, NONCE)
    data = {"role": value, "amount": f"1{value}00", value: [value.upper(), value.lower()]}
    assert one.redact(data) == data
    assert why_not_searched(value)


@pytest.mark.parametrize(
    "value", ["hunter2-x/y", "correct horse", "4111111111111111", "Tr0ub4dor&3", "sk_live_1a"]
)
def test_other_values_are(value: str) -> None:
    assert why_not_searched(value) == ""
    assert Secrets({"x": value}, NONCE).redact(f"<{value}>") == "<[secret x]>"


def test_numbers_are_found_too() -> None:
    assert Secrets({"card": "4111111111111111"}, NONCE).redact([4111111111111111]) == [
        "[secret card]"
    ]


def test_what_was_computed_is_hidden_once_it_is_known() -> None:
    one = Secrets({"pin": "2024"}, NONCE)
    header = base64.b64encode(b"user:2024").decode()
    assert one.redact(header) == header
    one.learn({"deep": [header]}, "pin")
    assert one.redact(f"Basic {header}") == "Basic [secret pin]"


def test_each_line_of_a_long_secret_is_found() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    assert Secrets({"key": key}, NONCE).redact("got MIIEvQIBADANBg") == "got [secret key]"


def test_a_secret_that_looks_like_its_own_label_is_not_shown() -> None:
    assert Secrets({"a secret b": "a secret b"}, NONCE).redact("<a secret b>") == "<[***]>"
