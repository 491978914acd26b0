"""A repository that needs a log-in is fetched with a secret, which is nowhere but in git's memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from executions import secret_access
from executions.calls.workspace.repositories import NotAllowed, find
from executions.models import Attempt, Event, Step
from executions.sandbox.promises import RISKS
from tests.driving.attempts.git_server import BACKEND, PASSWORD, USER, GitServer
from tests.driving.attempts.repositories import shop
from tests.outbound.test_mail import certified

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.database,
    pytest.mark.skipif(not BACKEND.exists(), reason="git has no server here"),
]
TASKS = """workspace: {git: {repository: shop}}
do:
- look: {run: {shell: {command: 'cat price.txt; env; cat .git/config; git remote -v'}}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    served = shop(tmp_path / "served" / "shop").parent
    found = GitServer(served, certified(tmp_path))
    yield found
    found.close()


@pytest.fixture
def surroundings(
    settings: Any, tmp_path: Path, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(tmp_path / "cert.pem"))
    monkeypatch.setattr(secret_access, "known_secrets", lambda: {"SHOP": PASSWORD, "BAD": "wrong"})
    settings.STIGMER_WORKSPACE_FOLDER = tmp_path / "workspaces"
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_REPOSITORIES = {"shop": f"https://{USER}:secret.SHOP@{server.host}/shop"}


@pytest.mark.usefixtures("surroundings")
def test_it_is_fetched_and_the_password_is_on_no_disk_and_in_no_row(
    begin: Any, drive: Any, tmp_path: Path, server: GitServer
) -> None:
    execution = drive(begin(TASKS))
    assert execution.phase == "COMPLETED", execution.error
    assert execution.output.startswith("100\n")
    assert PASSWORD not in execution.output
    assert server.asked, "it came from the server"
    for path in (tmp_path / "workspaces").rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path
    for model in (Step, Attempt, Event):
        assert PASSWORD not in str(list(model.objects.values()))


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize("secret", ["BAD", "NONE"])
def test_a_wrong_or_missing_secret_is_said_and_not_shown(
    begin: Any, drive: Any, settings: Any, server: GitServer, secret: str
) -> None:
    settings.STIGMER_REPOSITORIES = {"shop": f"https://{USER}:secret.{secret}@{server.host}/shop"}
    execution = drive(begin(TASKS))
    assert (execution.phase, execution.current_step) == ("FAILED", "/~workspace")
    detail = execution.error["detail"]
    assert ("the secret NONE" in detail) is (secret == "NONE"), detail
    assert "wrong" not in detail


@pytest.mark.usefixtures("surroundings")
def test_the_password_is_in_no_list_of_arguments(begin: Any, drive: Any, server: GitServer) -> None:
    lines: list[str] = []

    def look() -> None:
        for process in psutil.process_iter(["cmdline"]):
            lines.append(" ".join(process.info["cmdline"] or ()))

    server.when_asked = look
    assert drive(begin(TASKS)).phase == "COMPLETED"
    fetching = [line for line in lines if "fetch" in line and server.host in line]
    assert fetching, "git was seen as it fetched"
    assert not any(PASSWORD in line or "Authorization" in line for line in lines)


def test_a_password_in_an_address_is_refused_with_what_to_write() -> None:
    with pytest.raises(NotAllowed, match=r"USER:secret\.NAME@host"):
        find("shop", {"shop": "https://robot:hunter2@example.org/shop"}, [])
    found = find("shop", {"shop": "https://robot:secret.SHOP@example.org/shop"}, [])
    assert (found.address, found.user, found.secret) == (
        "https://example.org/shop",
        "robot",
        "SHOP",
    )
    plain = find("shop", {"shop": "https://example.org/shop"}, [])
    assert plain.folder != found.folder, "who asks without a log-in gets nothing that it fetched"
