"""Addresses of calls: templates and URLs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.calls.http.refusal import Refusal
from executions.calls.http.target import expand, origin_of, parse
from executions.errors import ERROR_TYPES


@pytest.mark.parametrize(
    ("uri", "variables", "expanded"),
    [
        ("https://shop.example/pets/{id}", {"id": 7}, "https://shop.example/pets/7"),
        (
            "https://shop.example/{a}/{b}",
            {"a": "x y", "b": "ü/?#&"},
            "https://shop.example/x%20y/%C3%BC%2F%3F%23%26",
        ),
        ("https://shop.example/{missing}", {}, "https://shop.example/"),
        ("https://shop.example/{none}", {"none": None}, "https://shop.example/"),
        (
            "https://shop.example/{yes}/{f}",
            {"yes": True, "f": 1.5},
            "https://shop.example/true/1.5",
        ),
        (
            "https://shop.example/{pet.id}",
            {"pet.id": 1, "pet": {"id": 2}},
            "https://shop.example/1",
        ),
        (
            "https://{host}.example/",
            {"host": "evil.example/#"},
            "https://evil.example%2F%23.example/",
        ),
        ("https://shop.example/", {"id": {}}, "https://shop.example/"),
    ],
)
def test_variables_are_expanded_as_the_dsl_says(
    uri: str, variables: dict[str, Any], expanded: str
) -> None:
    assert expand(uri, variables) == expanded


@pytest.mark.parametrize(
    ("uri", "variables", "said"),
    [
        ("http://a/{id}", {"id": {"x": 1}}, "URI variable 'id' is dict"),
        ("http://a/{id}", {"id": [1]}, "URI variable 'id' is list"),
        ("http://a/{+id}", {"id": 1}, "{+id} is not supported"),
        ("http://a{?q}", {"q": 1}, "{?q} is not supported"),
        ("http://a/{id*}", {"id": 1}, "{id*} is not supported"),
        ("http://a/{}", {}, "{} is not supported"),
        ("http://a/{id", {"id": 1}, "a brace is not closed"),
    ],
)
def test_what_a_template_cannot_say_is_an_expression_error(
    uri: str, variables: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refusal) as caught:
        expand(uri, variables)
    assert said in caught.value.failure.error.detail
    assert caught.value.failure.error.type == ERROR_TYPES + "expression"


@given(st.text(), st.text())
def test_no_value_of_a_variable_changes_where_the_call_goes(value: str, other: str) -> None:
    try:
        value.encode(), other.encode()
    except UnicodeEncodeError:
        return
    url = parse(expand("https://shop.example/{a}/x?b={b}", {"a": value, "b": other}))
    assert origin_of(url) == ("https", "shop.example", 443)
    assert url.raw_path.decode().count("?") == 1


@given(st.text())
def test_any_text_is_a_url_or_a_refusal(uri: str) -> None:
    try:
        url = parse(uri)
    except Refusal:
        return
    assert url.scheme in ("http", "https") and url.raw_host
