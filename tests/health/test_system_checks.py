"""What is wrong with the settings is said before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from executions.health.system_checks import (
    artifacts_can_be_kept,
    every_setting_is_read,
    https_needs_a_proxy,
    lists_of_hosts_are_understood,
    secrets_can_be_read,
)
from stigmer_site import names


@pytest.mark.parametrize(
    ("allowed", "only", "said"),
    [
        ([], [], ""),
        (["10.0.0.0/8", "shop:80"], ["*.example.org", "*:443"], ""),
        (["*.example.org"], [], "STIGMER_HTTP_ALLOWED_HOSTS is not valid: '*.example.org'"),
        (
            [],
            ["https://example.org"],
            "STIGMER_HTTP_ONLY_HOSTS is not valid: 'https://example.org'",
        ),
    ],
)
def test_a_list_of_hosts_that_is_not_understood_is_named(
    settings: Any, allowed: list[str], only: list[str], said: str
) -> None:
    settings.STIGMER_HTTP_ALLOWED_HOSTS, settings.STIGMER_HTTP_ONLY_HOSTS = allowed, only
    found = lists_of_hosts_are_understood(None)
    assert [said in str(message.msg) for message in found] == ([True] if said else [])


def test_a_name_that_nothing_reads_is_named_with_what_is_meant_or_read_instead(
    settings: Any,
) -> None:
    environment = {
        "STIGMER_WORKRES": "2",
        "STIGMER_HOME": "var",
        "STIGMER_SECRET_SHOP": "x",
        "STIGMER_SWEEP_SECONDS": "1",
        "STIGMER_TOKEN": "x",
        "STIGMER_TURN_IT_UP": "11",
        "PATH": "/bin",
    }
    read = {"STIGMER_HOME", "STIGMER_WORKERS"}
    settings.STIGMER_UNREAD = list(names.unread(environment, read))
    said = [(str(message.msg).split()[4], message.hint) for message in every_setting_is_read(None)]
    assert said == [
        ("STIGMER_SWEEP_SECONDS:", "It follows STIGMER_PROCESS_SILENCE_SECONDS now."),
        ("STIGMER_TURN_IT_UP:", "Leave it out; docs/configuration.md lists all settings."),
        ("STIGMER_WORKRES:", "Is STIGMER_WORKERS meant?"),
    ]


def test_https_without_a_proxy_that_speaks_it_is_an_error(settings):
    settings.STIGMER_HTTPS, settings.STIGMER_PROXIES = True, 0
    (found,) = https_needs_a_proxy(None)
    assert found.id == "stigmer.E008" and "STIGMER_PROXIES" in (found.hint or "")
    settings.STIGMER_PROXIES = 1
    assert not https_needs_a_proxy(None)


def test_secrets_that_cannot_be_read_are_named_without_a_value(
    settings: Any, tmp_path: Path
) -> None:
    file = tmp_path / "secrets"
    file.write_text("key: canary\n$access: {key: {owner: [ann]}}\n")
    file.chmod(0o644)
    settings.STIGMER_SECRETS_FILE = file
    assert "open to everybody" in str(secrets_can_be_read(None)[0].msg)
    file.chmod(0o600)
    (found,) = secrets_can_be_read(None)
    assert "$access.key has to be an object" in str(found.msg) and "canary" not in str(found.msg)
    file.write_text("key: canary\n")
    assert secrets_can_be_read(None) == []


def test_a_storage_of_artifacts_whose_key_is_missing_is_named(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert artifacts_can_be_kept(None) == []
    settings.STIGMER_ARTIFACTS = "s3://files"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    (found,) = artifacts_can_be_kept(None)
    assert "AWS_SECRET_ACCESS_KEY is not set" in found.msg
