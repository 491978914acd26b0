"""Runs of agents whose models speak OpenAI's responses and Google's protocol, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from executions.driving.replays import replay
from executions.models import Execution, LanguageModel
from executions.states import Phase
from tests.agents import other_protocols
from tests.agents.conftest import Demo, step
from tests.agents.other_protocols import SEALED, Server

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


@pytest.fixture(autouse=True)
def notes(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))


@pytest.fixture
def small(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(getattr(other_protocols, request.param))
    yield server
    server.shutdown()
    server.server_close()


def _asked_of(server: Server, protocol: str, path: str, name: str) -> None:
    LanguageModel.objects.filter(name="demo").update(
        protocol=protocol, address=server.address + path, remote_name=name
    )


@pytest.mark.parametrize("small", ["responses"], indirect=True)
def test_openai_responses_with_a_call_and_sealed_thoughts(
    small: Server, begin: Begin, drive: Drive, demo: Demo
) -> None:
    execution = begin("what is there?", tools=["agents.stock"])
    _asked_of(small, "openai-responses", "/v1", "gpt-5-mini")
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["text"] == 'There are: {"sku": "tea", "available": 7}'
    assert execution.output["usage"]["reasoning_tokens"] == 4
    assert execution.output["usage"]["input_tokens"] == 40
    assert SEALED in str(step(execution, "/turn/1").output)
    assert [path for path, _ in small.asked] == ["/v1/responses"] * 2
    for _, body in small.asked:
        assert body["stream"] is True and body["store"] is False
        assert "reasoning.encrypted_content" in body["include"]
        assert "previous_response_id" not in body
    assert replay(execution).differences == []


@pytest.mark.parametrize("small", ["google"], indirect=True)
def test_google_with_a_call_and_its_signature(
    small: Server, begin: Begin, drive: Drive, demo: Demo
) -> None:
    pytest.importorskip("google.genai", reason="`make dev` was not run since it was added")
    execution = begin("what is there?", tools=["agents.stock"])
    _asked_of(small, "google", "/v1beta", "gemini-2.5-flash")
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["text"].startswith("There are: ")
    assert "available" in execution.output["text"]
    assert execution.output["usage"]["input_tokens"] == 40
    assert all("streamGenerateContent" in path for path, _ in small.asked)
    assert len(small.asked) == 2
