"""Secrets are read from a file, a folder or the environment; a file that everybody can read is
refused.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from executions.secret_files import SecretsUnreadable, load_rules, load_secrets, not_searched


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "text", ["api: abc\ndb:\n  user: bob\n", '{"api": "abc", "db": {"user": "bob"}}']
)
def test_yaml_and_json_files_are_read_and_the_environment_wins(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "secrets", text)
    assert load_secrets(path, {}) == {"api": "abc", "db": {"user": "bob"}}
    assert load_secrets(path, {"STIGMER_SECRET_api": "new", "HOME": "x"})["api"] == "new"
    assert load_secrets(None, {"STIGMER_SECRET_A": "1", "STIGMER_SECRET_": "2"}) == {"A": "1"}
    assert load_secrets(write(tmp_path / "empty", ""), {}) == {}


def test_each_file_of_a_folder_is_a_secret(tmp_path: Path) -> None:
    write(tmp_path / "api", "abc\n")
    write(tmp_path / ".hidden", "no")
    tmp_path.chmod(0o700)
    assert load_secrets(tmp_path, {}) == {"api": "abc"}
    tmp_path.chmod(0o755)
    write(tmp_path / "open", "x", 0o644)
    with pytest.raises(SecretsUnreadable, match="chmod 600"):
        load_secrets(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [canary", "not valid YAML or JSON in line"),
        ("- canary", "has to hold one object"),
        ("a: 12345", "value of a is a int"),
        ("a:\n  b: [canary]", "value of a.b is a list"),
        ("1: canary", "name 1 is not a text"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_without_showing_a_value(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(SecretsUnreadable, match=words) as caught:
        load_secrets(write(tmp_path / "secrets", text), {})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o777])
def test_a_file_open_to_everybody_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SecretsUnreadable, match=r"open to everybody \(mode .*chmod 600"):
        load_secrets(write(tmp_path / "secrets", "a: b", mode), {})


def test_a_file_that_is_not_there_or_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnreadable, match="No such file"):
        load_secrets(tmp_path / "none", {})
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(SecretsUnreadable, match="not UTF-8"):
        load_secrets(path, {})


ACCESS = (
    "{api: {owners: [ann], groups: [billing], workflows: [order], hosts: [api.example,"
    " '*.b.example:443']}}"
)


def test_whose_a_secret_is_stands_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path / "secrets", f"api: abc\n$access: {ACCESS}\n")
    assert load_secrets(path, {}) == {"api": "abc"}
    rule = load_rules(path)["api"]
    assert [set(names) for names in (rule.owners, rule.groups, rule.workflows)] == [
        {"ann"},
        {"billing"},
        {"order"},
    ]
    assert rule.allows_host("a.b.example", 443) and not rule.allows_host("evil.example", 443)
    assert load_rules(None) == {}


def test_whose_the_secrets_of_a_folder_are_stands_in_a_file_of_it(tmp_path: Path) -> None:
    write(tmp_path / "api", "abc")
    assert load_rules(tmp_path) == {}
    write(tmp_path / ".access", "{api: {owners: [bob]}, OF_THE_ENVIRONMENT: {functions: [f]}}")
    rules = load_rules(tmp_path)
    assert rules["api"].owners == {"bob"} and rules["OF_THE_ENVIRONMENT"].allows_function("f")
    assert load_secrets(tmp_path, {}) == {"api": "abc"}


def test_a_file_of_rules_that_everybody_could_change_is_refused(tmp_path: Path) -> None:
    write(tmp_path / ".access", "{api: {owners: [bob]}}").chmod(0o666)
    tmp_path.chmod(0o700)
    assert load_rules(tmp_path)["api"].owners == {"bob"}, "nobody else may enter its folder"
    tmp_path.chmod(0o755)
    with pytest.raises(SecretsUnreadable, match="open to everybody"):
        load_rules(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$access: [api]", r"\$access has to be an object"),
        (
            "$access: {api: [ann]}",
            r"\$access.api has to be an object with some of these lists: owners, groups",
        ),
        (
            "$access: {api: {owner: [ann]}}",
            r"\$access.api has to be an object with some of these lists",
        ),
        ("$access: {api: {owners: ann}}", r"\$access.api.owners has to be a list of texts"),
        (
            "$access: {api: {hosts: ['http://a']}}",
            r"\$access.api.hosts: 'http://a' is not understood",
        ),
    ],
)
def test_a_rule_that_is_not_understood_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SecretsUnreadable, match=words):
        load_rules(write(tmp_path / "secrets", text))


def test_what_is_not_searched_for_is_said_with_its_reason() -> None:
    values = {"db": {"user": "admin", "password": "hunter2-x/y"}, "pin": "2024"}
    assert not_searched(values) == {
        "db.user": "it has fewer than 8 characters",
        "pin": "it has fewer than 8 characters",
    }
