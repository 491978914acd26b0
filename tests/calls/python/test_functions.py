"""Functions that workflows may call: found by name, their signature is their contract."""

from __future__ import annotations

import pytest
from jsonschema_rs import Draft202012Validator, meta

from executions.calls.python import functions
from executions.calls.python.functions import (
    ArgumentsInvalid,
    FunctionContext,
    FunctionNotUsable,
    PermanentError,
    TransientError,
    find,
    function,
    is_transient,
    load_functions,
    registered,
)

CONTEXT = FunctionContext("wex-1", "correlation", 1, "key")


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    load_functions(["tests.calls.python.sample_functions"])
    monkeypatch.setattr(functions, "_functions", registered())


def test_arguments_become_the_types_of_the_signature_and_the_result_becomes_json() -> None:
    order = {"number": 7, "rows": [{"sku": "a", "count": 2}, {"sku": "b"}], "due": "2026-11-21"}
    assert find("order.total").run({"order": order}, CONTEXT) == "4.50"
    assert find("order.total").run({"order": order, "price": "2"}, CONTEXT) == "6"


def test_a_parameter_may_have_any_name() -> None:
    assert find("shout").run({"text": "hey", "schema": "?", "copy": True}, CONTEXT) == "HEY?"


def test_the_context_is_given_and_is_no_argument() -> None:
    assert find("who").run({}, CONTEXT)["idempotency_key"] == "key"
    with pytest.raises(ArgumentsInvalid, match="argument 'context' is not known"):
        find("who").run({"context": {}}, CONTEXT)


def test_all_that_is_wrong_with_arguments_is_said_at_once_without_their_values() -> None:
    with pytest.raises(ArgumentsInvalid) as caught:
        find("order.total").checked(
            {"order": {"rows": [{"sku": "a", "count": "canary"}]}, "prise": 1}
        )
    text = str(caught.value)
    assert "function 'order.total'" in text
    assert "argument 'order.number' is missing" in text
    assert "argument 'order.rows.0.count': input should be a valid integer" in text
    assert "argument 'prise' is not known (known: order, price)" in text
    assert "canary" not in text
    assert caught.value.error.type.endswith("/validation")


def test_the_json_schema_accepts_what_the_function_accepts() -> None:
    schema = find("shout").json_schema()
    meta.validate(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"text": "a", "schema": "b"})
    assert not validator.is_valid({"schema": "b"})
    assert not validator.is_valid({"text": "a", "other": 1})


def test_an_unknown_function_names_those_there_are() -> None:
    with pytest.raises(
        FunctionNotUsable, match=r"unknown function 'nope'; registered are: .*allocates, booked"
    ):
        find("nope")


def test_two_functions_cannot_have_one_name() -> None:
    with pytest.raises(FunctionNotUsable, match="two functions are named 'shout'"):

        @function(name="shout")
        def other(text: str) -> str:
            return text


def test_a_transactional_function_has_to_run_in_the_thread_of_the_engine() -> None:
    with pytest.raises(FunctionNotUsable, match='isolation="thread"'):

        @function(name="t", effect="transactional")
        def other() -> None: ...


def test_an_async_function_is_refused() -> None:
    with pytest.raises(FunctionNotUsable, match="async"):

        @function(name="a")
        async def other() -> None: ...


def test_signatures_that_cannot_be_called_by_name_are_seen_when_functions_are_loaded() -> None:
    @function(name="loose")
    def loose(*texts: str) -> None: ...

    with pytest.raises(FunctionNotUsable, match="'texts' cannot be given by name"):
        load_functions([])


def test_a_module_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(
        FunctionNotUsable, match=r"'no\.such\.module' .* cannot be imported: ModuleNotFoundError"
    ):
        load_functions(["no.such.module"])


def test_passing_troubles_are_transient_and_all_else_is_permanent() -> None:
    class OperationalError(Exception):
        """As database drivers name it."""

    passing = [
        TransientError("x"),
        ConnectionResetError(),
        TimeoutError(),
        BrokenPipeError(),
        OperationalError(),
    ]
    lasting = [
        PermanentError("x"),
        ValueError(),
        FileNotFoundError(),
        PermissionError(),
        KeyError(),
        MemoryError(),
    ]
    assert [is_transient(error) for error in passing] == [True] * 5
    assert [is_transient(error) for error in lasting] == [False] * 6
