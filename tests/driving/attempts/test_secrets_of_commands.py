"""Commands are given secrets as variables: nothing else has them, and retries fill them anew."""

from __future__ import annotations

import os
import secrets as random
from pathlib import Path
from typing import Any

import pytest

from executions import secret_access, streams
from executions.calls.command import beside
from executions.calls.context import Nobody
from executions.driving import surroundings
from executions.errors import Refused
from executions.hosts import Hosts
from executions.language import DefinitionError
from executions.language.walking import late
from executions.mind.heard import Heard
from executions.models import Attempt, Execution, Step
from executions.sandbox import walls
from executions.sandbox.promises import RISKS
from executions.secrets import Rule, shown
from executions.verbs.deciding import decisions
from tests.driving.test_secrets import rows_with
from tests.waiting import until

pytestmark = [pytest.mark.django_db, pytest.mark.database]
HEAD = "use: {secrets: [key]}\ndo:\n"
GIVEN = "environment: {KEY: '${ $secrets.key }'}"


@pytest.fixture(autouse=True)
def surrounded(settings: Any, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = tmp_path_factory.getbasetemp() / "secretive"
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The secrets of the server, which may change; their author is alice."""
    values: dict[str, Any] = {"key": f"k-{random.token_urlsafe(24)}"}
    monkeypatch.setattr(surroundings, "_known_secrets", lambda: dict(values))
    monkeypatch.setattr(secret_access, "rules", lambda: {"key": Rule(owners=frozenset({"alice"}))})
    return values


@pytest.mark.parametrize(
    "run",
    [
        "shell: {command: 'printf %%s \"$KEY\" | wc -c', %s}",
        "script: {language: python, code: 'import os; print(len(os.environ[\"KEY\"]))', %s}",
    ],
)
def test_a_command_finds_the_value_in_its_environment_and_no_row_has_it(
    begin: Any, drive: Any, known: dict[str, Any], run: str
) -> None:
    execution = drive(begin(f"{HEAD}- a: {{run: {{{run % GIVEN}}}}}\n"))
    assert execution.phase == "COMPLETED", execution.error
    assert int(execution.output) == len(known["key"])
    assert rows_with(known["key"]) == []
    assert "[secret key]" in repr(_told_of("a")), "people see its name"


@pytest.mark.parametrize("returned", ["stdout", "all", "stderr"])
def test_what_it_writes_is_searched_and_flows_on_as_it_is(
    begin: Any, drive: Any, known: dict[str, Any], returned: str
) -> None:
    tasks = f"""{HEAD}
- a:
    run: {{shell: {{command: 'echo "is $KEY"; echo "is $KEY" >&2', {GIVEN}}}, return: {returned}}}
- b: {{run: {{shell: {{command: wc -c, stdin: '${{ . }}'}}}}}}
"""
    execution = drive(begin(tasks))
    assert execution.phase == "COMPLETED", execution.error
    assert int(execution.output) >= len(known["key"]), "the next task gets it whole"
    assert rows_with(known["key"]) == []
    output = repr(shown(Step.objects.get(execution=execution, name="a").output))
    assert "is [secret key]" in output
    (attempt,) = Attempt.objects.filter(step__execution=execution, step__name="a")
    assert attempt.log.splitlines() == ["is [secret key]"] * 2


def test_who_follows_the_output_never_sees_it_even_where_it_comes_in_pieces(
    begin: Any, drive: Any, known: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    class Listener(Nobody):
        def hear(self, heard_now: Heard) -> None:
            heard.append(heard_now.text)

    monkeypatch.setattr(streams, "stream", lambda place: Listener())
    pieces = """import os, sys, time
for character in "before " + os.environ["KEY"] + " after, and k-":
    sys.stdout.write(character); sys.stdout.flush(); time.sleep(0.01)
"""
    code = "\n".join(f"          {line}" for line in pieces.splitlines())
    tasks = f"""{HEAD}- a:
    run:
      script:
        language: python
        {GIVEN}
        code: |
{code}
"""
    execution = drive(begin(tasks))
    assert execution.phase == "COMPLETED", execution.error
    assert "".join(heard) == "before [secret key] after, and k-"


def test_an_error_does_not_tell_it(begin: Any, drive: Any, known: dict[str, Any]) -> None:
    command = 'echo "no entry with $KEY" >&2; exit 3'
    execution = drive(begin(f"{HEAD}- a: {{run: {{shell: {{command: '{command}', {GIVEN}}}}}}}\n"))
    assert execution.phase == "FAILED"
    assert execution.error["detail"] == "Exit code 3: no entry with [secret key]"
    known["key"] = "42"
    execution = drive(
        begin(f"{HEAD}- a: {{run: {{shell: {{command: '{command}', {GIVEN}}}}}}}\n", name="two")
    )
    assert execution.error["detail"] == "Exit code 3: its last line holds a secret"


def test_a_retry_gets_the_value_of_its_own_time(
    begin: Any, drive: Any, known: dict[str, Any], alice: Any
) -> None:
    command = 'test "$(printf %s "$KEY" | wc -c)" -gt 40'
    tasks = f"{HEAD}- a: {{run: {{shell: {{command: '{command}', {GIVEN}}}, return: none}}}}\n"
    execution = drive(begin(tasks))
    assert execution.phase == "FAILED", "the first value is too short"
    known["key"] = f"k-{random.token_urlsafe(48)}"
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    assert execution.phase == "COMPLETED", execution.error


@pytest.mark.parametrize(
    "run",
    [
        "shell: {command: '${ $secrets.key }'}",
        "shell: {command: cat, stdin: '${ $secrets.key }'}",
        "shell: {command: echo, arguments: ['${ $secrets.key }']}",
        "script: {language: python, code: 'print(k)', arguments: {k: '${ $secrets.key }'}}",
        "script: {language: python, code: '${ $secrets.key }'}",
    ],
)
def test_a_secret_stands_nowhere_else_in_a_command(
    begin: Any, known: dict[str, Any], run: str
) -> None:
    with pytest.raises(DefinitionError, match="a secret cannot stand here") as refused:
        begin(f"{HEAD}- a: {{run: {{{run}}}}}\n")
    assert "in the `environment` of a command" in str(refused.value)


def test_a_secret_that_is_not_declared_is_refused(begin: Any, known: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match="used but not declared"):
        begin(f"do:\n- a: {{run: {{shell: {{command: env, {GIVEN}}}}}}}\n")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(owners=frozenset({"bob"})), "may not use it"),
        (
            Rule(owners=frozenset({"alice"}), hosts=Hosts.from_entries(["api.shop.example"])),
            "may not be given to a command",
        ),
        (
            Rule(owners=frozenset({"alice"}), functions=frozenset({"tests.one"})),
            "may not be given to a command",
        ),
    ],
)
@pytest.mark.parametrize("awaited", ["true", "false"])
def test_the_rules_of_a_secret_hold_for_commands(
    begin: Any,
    drive: Any,
    known: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    rule: Rule,
    said: str,
    awaited: str,
) -> None:
    tasks = f"{HEAD}- a: {{run: {{shell: {{command: env, {GIVEN}}}, await: {awaited}}}}}\n"
    execution = begin(tasks)
    monkeypatch.setattr(secret_access, "rules", lambda: {"key": rule})
    execution = drive(execution)
    assert execution.phase == "FAILED"
    assert said in execution.error["detail"]


def test_another_line_with_the_secret_needs_somebody_who_may_use_it(
    begin: Any, drive: Any, known: dict[str, Any], alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = f"{HEAD}- a: {{run: {{shell: {{command: 'exit 3', {GIVEN}}}}}}}\n"
    execution = drive(begin(tasks))
    told = _told_of("a")
    monkeypatch.setattr(secret_access, "rules", lambda: {"key": Rule(owners=frozenset({"bob"}))})
    other = told | {"shell": told["shell"] | {"command": "env"}}
    with pytest.raises(Refused):
        decisions.retry(execution.pk, alice, arguments=other)
    assert Execution.objects.get(pk=execution.pk).phase == "FAILED"


def _told_of(name: str) -> Any:
    row = Step.objects.filter(name=name).latest("id")
    return shown(late.shown(row.arguments, row.control))


def test_no_other_command_and_no_command_line_has_it(
    begin: Any, drive: Any, known: dict[str, Any]
) -> None:
    mark = f"6{os.getpid()}77"
    left = drive(
        begin(f"{HEAD}- a: {{run: {{shell: {{command: sleep {mark}, {GIVEN}}}, await: false}}}}\n")
    )
    try:
        until(lambda: _processes_of(mark), what="the command runs")
        value = known["key"].encode()
        lines = _read("cmdline")
        assert lines and not any(value in line for line in lines)
        seen = drive(begin(LOOK, name="other"))
        assert seen.phase == "COMPLETED", seen.error
        if walls.bubblewrap() is not None:
            assert known["key"] not in shown(seen.output) and "OWN=1" in seen.output
    finally:
        beside.end_those_of({left.public_id})
        until(lambda: not beside.runs(), what="nothing of it is left")


LOOK = """do:
- look:
    run:
      shell:
        command: cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'
        environment: {OWN: '1'}
"""


def _processes_of(mark: str) -> list[bytes]:
    return [each for each in _read("cmdline") if each == b"sleep\0%b\0" % mark.encode()]


def _read(name: str) -> list[bytes]:
    """What the files of this name of the processes say."""
    found = []
    for path in Path("/proc").glob(f"[0-9]*/{name}"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return found
