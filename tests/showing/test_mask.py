"""Some values are taken for sensitive, and nothing of them is left in their place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from executions.showing import LABEL, Mask
from executions.showing.names import USUAL, Names, declared_in, sensitive_results

MASK = Mask(Names(USUAL))
KEPT = "tr0ub4dor&3"


SENSITIVE = [
    *("password", "userPassword", "API_KEY", "api-key", "apiKey", "accessToken", "Authorization"),
    *("IBAN", "iban_of_sender", "cvv", "card_number", "Set-Cookie", "privateKey", "SSN"),
]


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_name_is_sensitive_by_its_words(name: str) -> None:
    assert MASK.value({name: KEPT}) == {name: LABEL}
    assert MASK.value({"deep": [{name: {"a": [KEPT]}}]}) == {"deep": [{name: LABEL}]}


@pytest.mark.parametrize("name", ["secretary", "tokens", "input_tokens", "pinned", "shipping"])
def test_a_name_that_only_looks_like_one_is_shown(name: str) -> None:
    assert MASK.value({name: KEPT}) == {name: KEPT}


@pytest.mark.parametrize("value", [None, True, False])
def test_that_there_is_none_is_shown(value: Any) -> None:
    assert MASK.value({"password": value}) == {"password": value}


def test_a_header_as_a_pair_is_masked() -> None:
    pair = {"name": "Authorization", "value": KEPT}
    assert MASK.value(pair) == {"name": "Authorization", "value": LABEL}


@pytest.mark.parametrize(
    "text",
    [
        f"password={KEPT}",
        f"the password: {KEPT}",
        f"API key: {KEPT}",
        f'{{"password": "{KEPT}"}}',
        f'error: {{\\"password\\": \\"{KEPT}\\"}} was refused',
        f"'token': '{KEPT}'",
        f"Authorization: Bearer {KEPT}",
        f"curl -H 'Authorization: Basic {KEPT}'",
        f"Cookie: sid={KEPT}; other={KEPT}",
        f"postgres://ada:{KEPT}@db/x",
        f"?access_token={KEPT}&page=2",
        f"-----BEGIN RSA PRIVATE KEY-----\n{KEPT}\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_text_holds_no_value_after_a_sensitive_name(text: str) -> None:
    shown = MASK.text(text)
    assert KEPT not in shown
    assert LABEL in shown
    assert MASK.text(shown) == shown


@pytest.mark.parametrize("text", ["tokens: 17", "Nothing here: at all", "a=b", "", "12:30:00"])
def test_other_texts_are_left_as_they_are(text: str) -> None:
    assert MASK.text(text) == text


def test_json_in_a_text_is_masked_as_json() -> None:
    assert MASK.value(f'{{"password": ["{KEPT}"], "n": 1}}') == f'{{"password": "{LABEL}", "n": 1}}'


def test_a_schema_declares_names() -> None:
    schema = {
        "properties": {
            "diagnosis": {"type": "string", "x-sensitive": True},
            "code": {"format": "password"},
            "note": {"writeOnly": True},
            "codes": {"type": "array", "items": {"x-sensitive": True}},
            "inner": {"properties": {"below": {"x-sensitive": True}}},
            "free": {"type": "string"},
        }
    }
    document = {"input": {"schema": {"document": {"oneOf": [schema]}}}}
    assert declared_in(document) == {"diagnosis", "code", "note", "codes", "below"}


def test_a_value_is_masked_wherever_it_turns_up_again() -> None:
    given = {"password": "correct-horse-7", "pin": 4711, "name": "Ada"}
    mask = Mask(MASK.names, MASK.sensitive_in(given))
    shown = mask.value(
        {"moved": "correct-horse-7", "said": "it is correct-horse-7!", "n": 4711, "by": "Ada"}
    )
    assert shown == {"moved": LABEL, "said": f"it is {LABEL}!", "n": LABEL, "by": "Ada"}


def test_a_field_declared_by_a_schema_hides_a_flag_too() -> None:
    assert Mask(Names((), ["ill"])).value({"ill": True}) == {"ill": LABEL}
    assert Mask(Names(["blood group"])).value({"bloodGroup": "A"}) == {"bloodGroup": LABEL}


def test_two_masks_hide_what_either_does() -> None:
    both = Mask(Names(["one"]), ["first-value"]).joined(Mask(Names([], ["two"]), ["second-value"]))
    shown = both.value({"one": 1, "two": 2, "x": "first-value", "y": "second-value"})
    assert set(shown.values()) == {LABEL}


def test_what_is_called_so_in_a_pair_is_known_too() -> None:
    pair = {"headers": [{"name": "Authorization", "value": KEPT}, {"name": "Via", "value": "web"}]}
    assert list(MASK.sensitive_in(pair)) == [KEPT]


def test_a_mask_learns_values_and_hides_them_wherever_they_are() -> None:
    knowing = MASK.knowing([KEPT, 47_114_711, "no"])
    assert knowing.value({"a": f"it is {KEPT}!", "b": 47_114_711, "c": "no", "d": 7}) == {
        "a": f"it is {LABEL}!",
        "b": LABEL,
        "c": "no",
        "d": 7,
    }
    assert MASK.knowing([]) is MASK


def test_tasks_whose_whole_result_is_declared_are_found_at_any_depth() -> None:
    schema = {"schema": {"document": {"type": "object", "x-sensitive": True}}}
    fields = {"schema": {"document": {"properties": {"a": {"x-sensitive": True}}}}}
    inner = [{"opens": {"set": {}, "output": schema}}, {"shows": {"set": {}, "output": fields}}]
    document = {"do": [{"each": {"for": {}, "do": inner}}, {"last": {"output": {"as": "${ . }"}}}]}
    assert sensitive_results(document) == {"opens"}


@pytest.mark.parametrize("name", [*SENSITIVE, "größe", 'with "quotes"', "tab\there"])
def test_a_text_that_may_hold_a_sensitive_name_is_not_passed_over(name: str) -> None:
    names = Names(USUAL, ["größe", 'with "quotes"', "tab\there"])
    for written in (json.dumps({name: 1}), json.dumps({name: 1}, ensure_ascii=False)):
        assert names.may_stand_in(written)
    assert not names.may_stand_in('{"city": "Ghent", "n": [1, 2]}')
