from __future__ import annotations

import json
import shlex

from dashboard.run_form import RunForm, form_for
from dashboard.start_commands import beginning, command, curl

SCHEMA = {
    "properties": {
        "sku": {"type": "string", "default": "tea & 'milk'"},
        "many": {"type": "integer", "default": 2},
    }
}
FORM = form_for({"input": {"schema": {"document": SCHEMA}}})


def test_the_commands_carry_the_defaults_of_the_form() -> None:
    assert json.loads(beginning(FORM)) == {"sku": "tea & 'milk'", "many": 2}


def test_a_shell_reads_back_what_was_meant() -> None:
    given = beginning(FORM)
    words = shlex.split(curl("http://localhost:8000", "orders", given).replace("\\\n", " "))
    assert words[3] == "http://localhost:8000/api/v1/workflows/orders/run"
    assert json.loads(words[-1]) == {"input": json.loads(given)}
    assert shlex.split(command("orders", given))[3:] == [
        "orders",
        "--input",
        "sku=tea & 'milk'",
        "--input",
        "many=2",
        "--follow",
    ]


def test_a_plain_form_starts_with_an_empty_input() -> None:
    assert command("orders", beginning(RunForm())) == "stigmer run workflow orders --follow"
