"""``STIGMER_PORT`` and ``STIGMER_DEMO``: where the servers of a host listen."""

from __future__ import annotations

import pytest

from stigmer_site.listening import browsed, demo, demo_port, place


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("8000", ("127.0.0.1", 8000)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:8000", ("::1", 8000)),
        ("[::]:8000", ("::", 8000)),
        ("stigmer.internal:8000", ("stigmer.internal", 8000)),
    ],
)
def test_an_address_may_stand_before_the_port(text: str, found: tuple[str, int]) -> None:
    assert place(text) == found


@pytest.mark.parametrize(
    "text", ["", "eighty", "0", "65536", ":8000", "localhost:", "-1", "8000.0"]
)
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="STIGMER_PORT"):
        place(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", (True, 8001)),
        ("true", (True, 8001)),
        ("False", (False, 8001)),
        ("off", (False, 8001)),
        ("9000", (True, 9000)),
    ],
)
def test_a_port_turns_the_demo_on(text: str, found: tuple[bool, int]) -> None:
    assert demo(text, 8000) == found


def test_what_is_neither_a_switch_nor_a_port_is_refused() -> None:
    with pytest.raises(ValueError, match="STIGMER_DEMO is 'maybe'"):
        demo("maybe", 8000)


def test_processes_without_settings_find_the_port_of_the_demo() -> None:
    assert demo_port({}) == 8001
    assert demo_port({"STIGMER_PORT": "0.0.0.0:9000"}) == 9001
    assert demo_port({"STIGMER_PORT": "9000", "STIGMER_DEMO": "7000"}) == 7000
    assert demo_port({"STIGMER_PORT": "9000", "STIGMER_DEMO": "off"}) == 9001


def test_a_browser_of_this_machine_finds_it_as_localhost_where_that_leads_there() -> None:
    assert [browsed(each) for each in ("127.0.0.1", "0.0.0.0", "::")] == ["localhost"] * 3
    assert browsed("192.0.2.7") == "192.0.2.7" and browsed("2001:db8::7") == "[2001:db8::7]"
