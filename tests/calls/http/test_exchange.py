"""Redirects: off unless asked for, few, vetted again at every hop, and credentials stay at home."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from executions.calls.http import step as http
from executions.calls.http.exchange import redirected
from executions.calls.http.refusal import Refusal
from executions.calls.http.request import Request
from executions.calls.outcome import Done, Fail, Outcome
from tests.calls.http.conftest import make_context
from tests.calls.http.faults import FaultServer


@pytest.fixture
def elsewhere() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def leading(server: FaultServer, location: str, code: int = 302) -> str:
    return f"{server.url}/redirect/{code}/{location.encode().hex()}"


def call(uri: str, method: str = "get", **more: Any) -> Outcome:
    return http.run({"method": method, "endpoint": uri, "redirect": True, **more}, make_context())


def output(outcome: Outcome) -> Any:
    assert isinstance(outcome, Done), outcome
    return outcome.output


def refused(outcome: Outcome) -> Fail:
    assert isinstance(outcome, Fail), outcome
    return outcome


def test_a_redirect_is_an_error_unless_asked_for(server: FaultServer) -> None:
    outcome = refused(call(leading(server, "/echo"), redirect=False))
    assert (outcome.error.status, outcome.rule, outcome.transient) == (302, "HTTP 302", False)
    assert len(server.seen) == 1


def test_three_redirects_are_followed_and_a_fourth_is_not(server: FaultServer) -> None:
    assert output(call(f"{server.url}/around/3"))["path"] == "/echo"
    outcome = refused(call(f"{server.url}/around/4"))
    assert (outcome.rule, outcome.transient) == ("too many redirects", False)


def test_with_redirect_an_answer_that_leads_nowhere_is_no_error(server: FaultServer) -> None:
    assert output(call(f"{server.url}/status/304", output="response"))["statusCode"] == 304
    assert output(call(f"{server.url}/status/300")) is not None


@pytest.mark.parametrize(
    ("code", "method", "becomes", "body"),
    [
        (301, "post", "GET", ""),
        (302, "post", "GET", ""),
        (303, "post", "GET", ""),
        (303, "put", "GET", ""),
        (301, "put", "PUT", "x"),
        (307, "post", "POST", "x"),
        (308, "post", "POST", "x"),
        (303, "delete", "GET", ""),
    ],
)
def test_the_method_after_a_redirect_follows_the_standard(
    server: FaultServer, code: int, method: str, becomes: str, body: str
) -> None:
    echo = output(call(leading(server, "/echo", code), method, body="x"))
    assert (echo["method"], echo["body"]) == (becomes, body)
    assert ("idempotency-key" in echo["headers"]) == (becomes != "GET")


def test_credentials_and_own_headers_do_not_go_to_another_origin(
    server: FaultServer, elsewhere: FaultServer
) -> None:
    endpoint = {
        "uri": leading(server, f"{elsewhere.url}/echo"),
        "authentication": {"bearer": {"token": "t"}},
    }
    headers = {"X-Api-Key": "k", "Cookie": "c=1", "Accept": "text/html"}
    outcome = http.run(
        {"method": "get", "endpoint": endpoint, "headers": headers, "redirect": True},
        make_context(),
    )
    there = output(outcome)["headers"]
    assert not {"authorization", "x-api-key", "cookie"} & set(there)
    assert there["accept"] == "text/html"
    assert there["host"] == f"127.0.0.1:{elsewhere.port}"


def test_credentials_stay_within_the_same_origin(server: FaultServer) -> None:
    endpoint = {"uri": leading(server, "/echo"), "authentication": {"bearer": {"token": "t"}}}
    outcome = http.run({"method": "get", "endpoint": endpoint, "redirect": True}, make_context())
    assert output(outcome)["headers"]["authorization"] == "Bearer t"


def test_a_body_is_not_handed_to_another_host(server: FaultServer, elsewhere: FaultServer) -> None:
    outcome = refused(call(leading(server, f"{elsewhere.url}/echo", 307), "post", body={"card": 1}))
    assert (outcome.rule, outcome.effect_possible) == ("redirect refused", True)
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:1/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/",
        "http://[::1]:1/",
        "//10.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://a@127.0.0.2/",
        "http://a..b/",
        "http://[::1/",
        "http:\\\\10.0.0.1",
    ],
)
def test_every_hop_is_vetted_again(server: FaultServer, location: str) -> None:
    context = make_context(http_allowed_hosts=[f"127.0.0.1:{server.port}"])
    outcome = refused(
        http.run(
            {"method": "get", "endpoint": leading(server, location), "redirect": True}, context
        )
    )
    assert outcome.rule in ("egress refused", "request not valid")
    assert (outcome.transient, outcome.effect_possible) == (False, True)


def test_a_secure_call_is_not_led_to_an_open_one() -> None:
    request = Request(
        "GET", httpx.URL("https://a.example/"), {}, frozenset(), None, "content", True
    )
    with pytest.raises(Refusal, match="redirected from https to http"):
        redirected(request, 302, "http://a.example/")
    assert str(redirected(request, 302, "https://a.example/b").url) == "https://a.example/b"
