"""What an expression computes on a secret is what it computes on its value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from executions import sealed
from executions.errors import ExpressionError
from executions.expressions import late
from executions.secrets import Secrets, SecretUnavailable

VALUES = {"token": "test", "db": {"user": "admin", "password": "2024"}, "long": "canary-7f3a-9b1c"}
READABLE = Secrets(
    VALUES, "nonce12345", reasons={"gone": "no value is configured for it on this server"}
).readable()


@pytest.fixture(scope="module", autouse=True)
def children() -> Iterator[None]:
    yield
    sealed.close()


def evaluate(source: str, value: Any = None, **variables: Any) -> Any:
    read = late.reads(source, variables) | {"secrets": READABLE.read_by(source)}
    return late.evaluate(source, value, read, late.made(source), deadline_seconds=5.0, owner="1")


IN_PLACE = {
    "$secrets.token": "test",
    '$secrets["db"].password': "2024",
    "$secrets.db": {"user": "admin", "password": "2024"},
    '"Bearer " + $secrets.token': "Bearer test",
    '$secrets.db.user + ":" + $secrets.db.password': "admin:2024",
    r'"Key \($secrets.token)/\(.user) \u00fc\n"': "Key test/ann \u00fc\n",
    '"a+b" + .user + $context.x': "a+bannx",
}
IN_A_CHILD = {
    '"user:" + $secrets.token | @base64': "dXNlcjp0ZXN0",
    '$secrets.token == "test"': True,
    "$secrets.token | length": 4,
    "$secrets.db.password | tonumber + 1": 2025,
    "{a: $secrets.token, b: [$secrets.db.user, .user, $context.x]}": {
        "a": "test",
        "b": ["admin", "ann", "x"],
    },
    r'"n = \(.n + 1) \($secrets.token)"': "n = 4 test",
    "$secrets | [.token, (.db | keys[])]": ["test", "password", "user"],
    "[$secrets.token, (now | type), (uuid | length)]": ["test", "number", 36],
    '($secrets.token) + "x"': "testx",
}


@pytest.mark.parametrize("source", IN_PLACE)
def test_paths_and_texts_put_together_are_read_in_place(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "call_once", None)
    assert (
        evaluate(source, {"user": "ann", "n": 3}, context={"x": "x", "y": "never read"})
        == IN_PLACE[source]
    )


@pytest.mark.parametrize(
    "source", [*IN_A_CHILD, *(source for source in IN_PLACE if 'db"]' not in source)]
)
def test_everything_else_is_computed_as_on_any_value(source: str) -> None:
    if source in IN_PLACE:
        source = f"({source})"
    if "keys" in source:
        with pytest.raises(SecretUnavailable, match="'gone'"):
            evaluate(source)
        return
    expected = IN_A_CHILD.get(source, IN_PLACE.get(source[1:-1]))
    assert evaluate(source, {"user": "ann", "n": 3}, context={"x": "x"}) == expected


def test_only_the_keys_that_are_mentioned_are_kept() -> None:
    variables = {
        "context": {"a": 1, "b": 2},
        "item": [1],
        "workflow": {"id": "x", "input": {}},
        "secrets": {"no": 1},
    }
    assert late.reads("$context.a + $secrets.no + $item[0]", variables) == {
        "context": {"a": 1},
        "item": [1],
    }
    assert late.reads("$context | .b + $context.a", variables) == {"context": {"a": 1, "b": 2}}
    assert late.made(".known | uuid").keys() == {"uuid"}


@pytest.mark.parametrize("name", ["gone", "other"])
def test_a_secret_that_is_not_there_is_an_authorization_error(name: str) -> None:
    with pytest.raises(SecretUnavailable) as caught:
        evaluate(f'"x" + $secrets.{name}')
    assert caught.value.error.status == 403


@pytest.mark.parametrize(
    "source",
    [
        "$secrets.long + 1",
        "$secrets.long.x",
        "$secrets.long | error",
        "$secrets.long | fromjson",
        "$secrets.long | .x",
        "$secrets.long | tonumber",
        "empty | $secrets.long",
        "$secrets.long, 1",
        "$secrets.long | nope",
        "error({a: $secrets.long})",
        "$secrets.long | debug | error",
    ],
)
def test_an_error_shows_no_value(source: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source)
    assert str(caught.value).startswith(f"`{source}` ") and "canary" not in str(caught.value)
    said = capfd.readouterr()
    assert "canary" not in said.out + said.err
