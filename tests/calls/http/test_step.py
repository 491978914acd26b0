"""HTTP calls against a real, misbehaving server: what is sent, what comes back, what a failure
says.
"""

from __future__ import annotations

import base64
import gzip
import socket
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from executions.calls.context import Cancellation
from executions.calls.http import loop
from executions.calls.http import step as http
from executions.calls.outcome import Done, Fail
from executions.errors import ERROR_TYPES
from tests.calls.http.conftest import PLACEHOLDER, SECRET, make_context
from tests.calls.http.faults import FaultServer


def done(arguments: dict[str, Any], **surroundings: Any) -> Any:
    outcome = http.run(arguments, make_context(**surroundings))
    assert isinstance(outcome, Done), outcome
    return outcome.output


def failed(arguments: dict[str, Any], **surroundings: Any) -> Fail:
    outcome = http.run(arguments, make_context(**surroundings))
    assert isinstance(outcome, Fail), outcome
    return outcome


def get(endpoint: str, **more: Any) -> dict[str, Any]:
    return {"method": "get", "endpoint": endpoint, **more}


def verdict(outcome: Fail) -> tuple[str, bool, bool]:
    return outcome.rule, outcome.transient, outcome.effect_possible


# What is sent


def test_an_object_is_sent_as_json_with_the_keys_that_make_it_repeatable(
    server: FaultServer,
) -> None:
    body = {"amount": 9007199254740993, "items": [1, True, None]}
    echo = done(
        {
            "method": "post",
            "endpoint": f"{server.url}/echo",
            "body": body,
            "headers": {"X-Shop": "a", "n": 1},
        }
    )
    assert echo["body"] == '{"amount":9007199254740993,"items":[1,true,null]}'
    assert echo["headers"]["content-type"] == "application/json"
    assert echo["headers"]["idempotency-key"] == "wex-1/charge/1"
    assert echo["headers"]["x-correlation-id"] == "correlation-1"
    assert (echo["headers"]["x-shop"], echo["headers"]["n"]) == ("a", "1")
    assert echo["headers"]["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("method", ["GET", "get", "HEAD", "OPTIONS"])
def test_safe_methods_carry_no_idempotency_key(server: FaultServer, method: str) -> None:
    done({"method": method, "endpoint": f"{server.url}/empty"})
    assert server.seen[0].method == method.upper()
    assert "idempotency-key" not in server.seen[0].headers


def test_the_authors_own_idempotency_key_is_kept(server: FaultServer) -> None:
    echo = done(
        {
            "method": "put",
            "endpoint": f"{server.url}/echo",
            "headers": {"Idempotency-Key": "mine"},
            "body": "text",
        }
    )
    assert echo["headers"]["idempotency-key"] == "mine"
    assert (echo["body"], echo["headers"]["content-type"]) == ("text", "text/plain; charset=utf-8")


def test_an_object_becomes_a_form_where_the_content_type_says_so(server: FaultServer) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    arguments = {
        "method": "post",
        "endpoint": f"{server.url}/echo",
        "headers": form,
        "body": {"a": [1, 2], "b": True},
    }
    assert done(arguments)["body"] == "a=1&a=2&b=true"


def test_the_query_is_added_to_the_one_in_the_address(server: FaultServer) -> None:
    echo = done(
        get(
            f"{server.url}/echo?x=1#part",
            query={"y": "a b&c", "z": [1, 2], "none": None, "on": True},
        )
    )
    assert echo["path"] == "/echo?x=1&y=a%20b%26c&z=1&z=2&on=true"


def test_the_address_is_a_template_over_the_tasks_input(server: FaultServer) -> None:
    echo = done(
        get(f"{server.url}/echo/{{id}}/{{pet.name}}/{{none}}"),
        uri_variables={"id": "a/ü", "pet.name": 7},
    )
    assert echo["path"] == "/echo/a%2F%C3%BC/7/"


@pytest.mark.parametrize("written", ["${ .url }", {"uri": "${ .url }"}])
@pytest.mark.parametrize("path", ["/{id}", "/{", "/}{", "/{+a}", "?q={id}"])
def test_braces_in_an_address_that_comes_from_data_are_data(
    server: FaultServer, path: str, written: Any
) -> None:
    echo = done(get(f"{server.url}/echo{path}"), written={"endpoint": written})
    assert echo["path"] == "/echo" + path.replace("{", "%7B").replace("}", "%7D")


@pytest.mark.parametrize("body", [{"a": 1}, ["a"]])
@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "application/xml", "text/csv", "application/x-ndjson"]
)
def test_an_object_under_a_type_that_holds_none_is_not_sent(
    server: FaultServer, body: Any, kind: str
) -> None:
    arguments = {
        "method": "post",
        "endpoint": f"{server.url}/echo",
        "headers": {"Content-Type": kind},
        "body": body,
    }
    outcome = failed(arguments)
    assert verdict(outcome) == ("request not valid", False, False)
    assert f"cannot be sent as {kind}" in outcome.error.detail
    assert server.seen == []


@pytest.mark.parametrize(
    ("authentication", "header"),
    [
        ({"basic": {"username": "ann", "password": PLACEHOLDER}}, "Basic YW5uOnMzY3JldC12YWx1ZQ=="),
        ({"bearer": {"token": PLACEHOLDER}}, f"Bearer {SECRET}"),
    ],
)
def test_credentials_are_filled_in_at_the_edge_and_never_shown(
    server: FaultServer, authentication: dict[str, Any], header: str
) -> None:
    endpoint = {"uri": f"{server.url}/echo", "authentication": authentication}
    shown = done({"method": "get", "endpoint": endpoint, "output": "response"})
    assert server.seen[0].headers["authorization"] == header
    assert SECRET not in str(shown)
    assert shown["request"]["headers"]["authorization"] == "[hidden]"


def test_secrets_are_filled_in_everywhere_and_redacted_from_the_output(server: FaultServer) -> None:
    arguments = {
        "method": "post",
        "endpoint": f"{server.url}/echo/{PLACEHOLDER}",
        "query": {"q": PLACEHOLDER},
        "headers": {"X-Key": PLACEHOLDER},
        "body": {"deep": [PLACEHOLDER]},
    }
    echo = done(arguments)
    seen = server.seen[0]
    assert seen.path == f"/echo/{SECRET}?q={SECRET}"
    assert seen.headers["x-key"] == SECRET
    assert seen.body.decode() == f'{{"deep":["{SECRET}"]}}'
    assert SECRET not in str(echo)


# What comes back


@pytest.mark.parametrize(
    ("body", "kind", "output"),
    [
        (
            b'{"n": 123456789012345678901234567890}',
            "application/json",
            {"n": 123456789012345678901234567890},
        ),
        (b"[1.5, true, null]", "application/vnd.api+json; charset=utf-8", [1.5, True, None]),
        (b"", "application/json", None),
        ("grüß".encode("latin-1"), "text/plain; charset=iso-8859-1", "grüß"),
        ("grüß".encode(), "text/html", "grüß"),
        (b"<a/>", "application/xml", "<a/>"),
        (b"plain", "", "plain"),
        (b"\xff\xfe", "", "//4="),
        (b"\x89PNG", "image/png", base64.b64encode(b"\x89PNG").decode()),
        (b"x", "text/plain; charset=no-such", "x"),
    ],
)
def test_content_is_read_by_its_type(
    server: FaultServer, body: bytes, kind: str, output: Any
) -> None:
    assert done(get(f"{server.url}/typed/{body.hex()}/{kind.encode().hex()}")) == output


def test_raw_output_is_base64(server: FaultServer) -> None:
    body = b'{"a": 1}'
    assert (
        done(get(f"{server.url}/json_text/{body.hex()}", output="raw"))
        == base64.b64encode(body).decode()
    )


def test_response_output_shows_request_status_headers_and_content(server: FaultServer) -> None:
    body = b'{"a": 1}'
    shown = done(get(f"{server.url}/json_text/{body.hex()}", output="response"))
    assert (shown["statusCode"], shown["content"]) == (200, {"a": 1})
    assert shown["headers"]["content-type"] == "application/problem+json"
    assert shown["request"]["method"] == "get"
    assert shown["request"]["uri"] == f"{server.url}/json_text/{body.hex()}"


def test_an_empty_answer_is_null(server: FaultServer) -> None:
    assert done({"method": "delete", "endpoint": f"{server.url}/empty"}) is None


@pytest.mark.parametrize(
    "text", [b"{", b"NaN", b"[Infinity]", b"1e999", b"\xff", b"[" * 20_000, b"9" * 5000]
)
def test_json_that_cannot_be_stored_is_refused(server: FaultServer, text: bytes) -> None:
    outcome = failed(get(f"{server.url}/json_text/{text.hex()}"))
    assert verdict(outcome) == ("answer not usable", False, True)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress("grüß".encode(), mtime=0)),
        ("x-gzip", gzip.compress(b"gr", mtime=0) + gzip.compress("üß".encode(), mtime=0)),
        ("deflate", zlib.compress("grüß".encode())),
        ("deflate", zlib.compress("grüß".encode(), wbits=-15)),
        ("identity", "grüß".encode()),
    ],
)
def test_packed_answers_are_unpacked(server: FaultServer, encoding: str, data: bytes) -> None:
    assert done(get(f"{server.url}/packed/{encoding}/{data.hex()}")) == "grüß"


@pytest.mark.parametrize(
    ("encoding", "data", "rule", "transient"),
    [
        ("gzip", b"not packed at all", "answer not usable", False),
        ("gzip", gzip.compress(b"cut short" * 9, mtime=0)[:-12], "connection dropped", True),
        ("br", b"x", "answer not usable", False),
    ],
)
def test_answers_that_cannot_be_unpacked_say_so(
    server: FaultServer, encoding: str, data: bytes, rule: str, transient: bool
) -> None:
    outcome = failed(get(f"{server.url}/packed/{encoding}/{data.hex()}"))
    assert verdict(outcome) == (rule, transient, True)


@pytest.mark.parametrize("path", ["/bomb", "/endless"])
def test_an_answer_larger_than_the_limit_is_refused(server: FaultServer, path: str) -> None:
    outcome = failed(get(server.url + path))
    assert verdict(outcome) == ("answer too large", False, True)
    assert "1048576 bytes" in outcome.error.detail and "STIGMER_VALUE_BYTES" in outcome.error.detail


def test_an_answer_of_exactly_the_limit_is_accepted(server: FaultServer) -> None:
    assert done(get(f"{server.url}/typed/{b'12345'.hex()}"), http_response_bytes=5) == "12345"
    assert (
        failed(get(f"{server.url}/typed/{b'123456'.hex()}"), http_response_bytes=5).rule
        == "answer too large"
    )


# Failures


@pytest.mark.parametrize(
    ("status", "transient"),
    [
        *((status, False) for status in (300, 304, 400, 401, 404, 409, 422, 501, 505)),
        *((status, True) for status in (408, 425, 429, 500, 502, 503, 504, 507, 599)),
    ],
)
def test_error_statuses_fail_with_the_status_and_a_verdict(
    server: FaultServer, status: int, transient: bool
) -> None:
    outcome = failed(get(f"{server.url}/status/{status}?token={PLACEHOLDER}"))
    assert outcome.error.type == ERROR_TYPES + "communication"
    assert outcome.error.status == status
    assert verdict(outcome) == (f"HTTP {status}", transient, True)
    assert SECRET not in outcome.error.detail
    assert outcome.error.detail.startswith(f"GET {server.url}/status/{status} answered {status}")


def test_a_failure_shows_what_the_other_side_said_without_secrets(server: FaultServer) -> None:
    detail = failed(get(f"{server.url}/status/503")).error.detail
    assert detail.endswith("answered 503 Service Unavailable: the shop is closed, key=[secret key]")


def test_retry_after_is_taken_over_for_transient_statuses_only(server: FaultServer) -> None:
    assert failed(get(f"{server.url}/status/503/17")).retry_after == 17
    assert failed(get(f"{server.url}/status/400/17")).retry_after is None
    past = failed(get(f"{server.url}/status/429/Wed,_21_Oct_2015_07:28:00_GMT"))
    assert past.retry_after == 0


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/reset", "connection reset"),
        ("/drop", "connection dropped"),
        ("/truncated", "connection dropped"),
        ("/garbage", "connection dropped"),
        ("/endless_headers", "connection dropped"),
    ],
)
def test_a_connection_that_breaks_after_the_request_may_have_had_an_effect(
    server: FaultServer, path: str, rule: str
) -> None:
    outcome = failed({"method": "post", "endpoint": server.url + path, "body": {}})
    assert verdict(outcome) == (rule, True, True)
    assert outcome.error.type == ERROR_TYPES + "communication"


def test_a_refused_connection_had_no_effect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcome = failed({"method": "post", "endpoint": f"http://127.0.0.1:{port}/", "body": {}})
    assert verdict(outcome) == ("could not connect", True, False)


def test_a_name_that_does_not_resolve_had_no_effect() -> None:
    outcome = failed(get("http://no-such-host.invalid/"))
    assert verdict(outcome) == ("name not found", True, False)


@pytest.mark.parametrize("path", ["/hang", "/slow_loris"])
def test_the_deadline_covers_the_whole_call(server: FaultServer, path: str) -> None:
    outcome = failed(get(server.url + path), seconds=0.4)
    assert verdict(outcome) == ("attempt timed out", True, True)
    assert (outcome.error.type, outcome.error.status) == (ERROR_TYPES + "timeout", 408)
    assert "within 0.4 s" in outcome.error.detail


def test_a_deadline_that_is_over_sends_nothing(server: FaultServer) -> None:
    assert verdict(failed(get(server.url + "/echo"), seconds=0.0)) == (
        "attempt timed out",
        True,
        False,
    )
    assert server.seen == []


def test_a_running_call_can_be_cancelled_from_another_thread(server: FaultServer) -> None:
    cancellation, outcomes = Cancellation(), []
    context = make_context(cancellation=cancellation)
    caller = threading.Thread(
        target=lambda: outcomes.append(http.run(get(server.url + "/hang"), context))
    )
    caller.start()
    assert server.arrived.acquire(timeout=60)
    cancellation.request()
    caller.join(20)
    assert isinstance(outcomes[0], Fail)
    assert verdict(outcomes[0]) == ("attempt cancelled", False, True)


def test_a_call_cancelled_before_it_starts_sends_nothing(server: FaultServer) -> None:
    cancellation = Cancellation()
    cancellation.request()
    outcome = failed(get(server.url + "/echo"), cancellation=cancellation)
    assert outcome.rule == "attempt cancelled"


def test_two_hundred_slow_calls_wait_at_once_and_the_loop_survives_them(
    server: FaultServer,
) -> None:
    cancellation = Cancellation()
    with ThreadPoolExecutor(200) as slots:
        waiting = [
            slots.submit(
                http.run,
                get(server.url + "/hang"),
                make_context(cancellation=cancellation, seconds=60),
            )
            for _ in range(200)
        ]
        for _ in waiting:
            assert server.arrived.acquire(timeout=120)
        assert done(get(server.url + "/echo"))["method"] == "GET"
        cancellation.request()
        assert {future.result().rule for future in waiting} == {"attempt cancelled"}  # type: ignore[union-attr]


def test_closing_the_loop_ends_running_calls_and_the_next_call_starts_a_new_one(
    server: FaultServer,
) -> None:
    with ThreadPoolExecutor(1) as slot:
        waiting = slot.submit(http.run, get(server.url + "/hang"), make_context())
        assert server.arrived.acquire(timeout=60)
        loop.close()
        outcome = waiting.result()
    assert isinstance(outcome, Fail) and outcome.rule == "attempt cancelled"
    assert done(get(server.url + "/echo"))["method"] == "GET"


# Arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"method": "brew", "endpoint": "http://a/"},
            "method: 'BREW' is not supported; use one of GET, HEAD, POST",
        ),
        ({"method": "CONNECT", "endpoint": "http://a/"}, "method: 'CONNECT' is not supported"),
        ({"endpoint": "http://a/"}, "method: None is not supported"),
        ({"method": "get"}, "endpoint: expected a URI"),
        (get("/relative"), "the scheme '' is not supported"),
        (
            get("http://a/", output="xml"),
            "output: 'xml' is not supported; use one of content, raw, response",
        ),
        (get("http://a/", redirect="yes"), "redirect: expected true or false, not 'yes'"),
        (
            get("http://a/", headers=["x"]),
            "headers: expected an object of names and values, not list",
        ),
        (get("http://a/", headers={"a b": "x"}), "headers: 'a b' is not a header name"),
        (
            get("http://a/", headers={"x": "a\r\nb: c"}),
            "headers.x: the value contains a line break",
        ),
        (
            get("http://a/", headers={"x": {}}),
            "headers.x: expected a string, number or boolean, not dict",
        ),
        (
            get("http://a/", headers={"Host": "b"}),
            "headers: Host is set by the HTTP client and cannot be given",
        ),
        (get("http://a/", headers={"Transfer-Encoding": "b"}), "cannot be given"),
        (get("http://a/", query={"x": {}}), "query parameter 'x' is dict"),
        (get("http://a/", body={"x": float("nan")}), "body: it cannot be written as JSON"),
        (get("http://a/", body="\ud800"), "body: it contains half of a surrogate pair"),
        (
            {"method": "get", "endpoint": {"uri": "http://a/", "authentication": {"digest": {}}}},
            (
                "endpoint.authentication: expected basic or bearer; other schemes are not"
                " supported yet"
            ),
        ),
        (
            {
                "method": "get",
                "endpoint": {"uri": "http://a/", "authentication": {"basic": {"username": "a"}}},
            },
            "endpoint.authentication.basic.password: expected a string",
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    arguments: dict[str, Any], said: str
) -> None:
    outcome = failed(arguments)
    assert said in outcome.error.detail
    assert verdict(outcome) == ("request not valid", False, False)
    assert outcome.error.type == ERROR_TYPES + "validation"


def test_a_secret_that_is_not_declared_is_an_authorization_error() -> None:
    other = PLACEHOLDER.replace(b"key".hex(), b"other".hex())
    outcome = failed(get("http://a/", headers={"X-Key": other}))
    assert verdict(outcome) == ("secret not available", False, False)
    assert outcome.error.type == ERROR_TYPES + "authorization"


def test_a_setting_that_is_not_understood_is_named() -> None:
    outcome = failed(get("http://a/"), http_allowed_hosts=["*.example"])
    assert outcome.error.type == ERROR_TYPES + "configuration"
    assert "STIGMER_HTTP_ALLOWED_HOSTS is not valid: '*.example'" in outcome.error.detail
    outcome = failed(get("http://a/"), http_only_hosts=["http://a"])
    assert "STIGMER_HTTP_ONLY_HOSTS is not valid: 'http://a'" in outcome.error.detail
