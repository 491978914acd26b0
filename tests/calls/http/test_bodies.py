"""A body that cannot be read never changes what the status says: answers of raw bytes, one per way
to be broken.
"""

from __future__ import annotations

import base64
import gzip
import threading
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from executions.calls.http import step as http
from executions.calls.outcome import Done, Fail, Outcome
from executions.errors import ERROR_TYPES
from tests.calls.http.conftest import make_context
from tests.calls.http.raw import Piece, RawServer, answer, head

JSON = "Content-Type: application/json"
TEXT = "Content-Type: text/plain"


def call(
    response: bytes | Sequence[Piece],
    *,
    seconds: float = 30.0,
    output: str = "content",
    **limits: Any,
) -> Outcome:
    with RawServer(response) as server:
        arguments = {"method": "get", "endpoint": server.url + "/", "output": output}
        return http.run(arguments, make_context(seconds=seconds, **limits))


def content(response: bytes, **limits: Any) -> Any:
    outcome = call(response, **limits)
    assert isinstance(outcome, Done), outcome
    return outcome.output


def failed(response: bytes | Sequence[Piece], **limits: Any) -> Fail:
    outcome = call(response, **limits)
    assert isinstance(outcome, Fail), outcome
    return outcome


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def deflated(data: bytes, window: int = zlib.MAX_WBITS) -> bytes:
    return zlib.compress(data, wbits=window)


# What may stand behind the status line, by what is wrong with it; {} is the status.
BROKEN: dict[str, bytes] = {
    "a charset that Python knows and nobody else": answer(
        "{}", b"closed", "Content-Type: text/html; charset=undefined"
    ),
    "a codec that is no charset": answer(
        "{}", b"\\u00e9", "Content-Type: text/html; charset=unicode_escape"
    ),
    "a charset for host names": answer("{}", b"\xff" * 9, "Content-Type: text/html; charset=idna"),
    "a charset with NUL": answer("{}", b"x", b'Content-Type: text/html; charset="\xff\x01"'),
    "JSON that is none": answer("{}", b"{", JSON),
    "JSON with NaN": answer("{}", b"[NaN]", JSON),
    "a packing nobody asked for": answer("{}", b"x", "Content-Encoding: br"),
    "no gzip though it says so": answer("{}", b"plain", "Content-Encoding: gzip"),
    "gzip that ends early": answer("{}", packed(b"x" * 999)[:-9], "Content-Encoding: gzip"),
    "a bomb": answer("{}", packed(b"\0" * 50_000_000), "Content-Encoding: gzip"),
    "a body that ends early": head("{}", "Content-Length: 1000") + b"only this",
    "chunks that are none": head("{}", "Transfer-Encoding: chunked") + b"zzz\r\n",
    "chunks that end early": head("{}", "Transfer-Encoding: chunked") + b"5\r\nab",
    "a length that is no number": head("{}", "Content-Length: many") + b"x",
    "a length below zero": head("{}", "Content-Length: -1") + b"x",
    "two lengths": head("{}", "Content-Length: 1", "Content-Length: 2") + b"xy",
    "a transfer coding nobody knows": head("{}", "Transfer-Encoding: gzip, chunked") + b"x",
    "a header that is none": head("{}", "this is no header", "Content-Length: 1") + b"x",
    "a header name with a blank": head("{}", "X Y: 1", "Content-Length: 1") + b"x",
    "a header with NUL": head("{}", b"X-Y: a\0b", "Content-Length: 1") + b"x",
    "headers without end": head("{}", *[f"X-{n}: {'y' * 4096}" for n in range(60)]),
    "half a head": b"HTTP/1.1 {} Whatever\r\nContent-Len",
}


def broken(kind: str, status: int) -> bytes:
    return BROKEN[kind].replace(b"{}", str(status).encode(), 1)


@pytest.mark.parametrize("status", [503, 429, 404, 409, 501])
@pytest.mark.parametrize("kind", BROKEN)
def test_an_error_keeps_its_status_and_its_verdict(kind: str, status: int) -> None:
    outcome = failed(broken(kind, status))
    assert (outcome.rule, outcome.transient) == (f"HTTP {status}", status in (503, 429))
    assert (outcome.error.status, outcome.error.type) == (status, ERROR_TYPES + "communication")
    assert f"answered {status}" in outcome.error.detail


@pytest.mark.parametrize("kind", BROKEN)
def test_no_answer_of_success_is_an_error_of_ours(kind: str) -> None:
    outcome = call(broken(kind, 200))
    if isinstance(outcome, Fail):
        assert outcome.error.type == ERROR_TYPES + "communication"
        assert outcome.rule in ("answer not usable", "answer too large", "connection dropped")
        assert outcome.effect_possible


def test_a_body_that_cannot_be_read_is_told_with_its_status() -> None:
    detail = failed(answer("200 OK", b"{", JSON)).error.detail
    assert "answered 200 OK, but its body says that it is JSON and cannot be read as such" in detail


def test_an_error_whose_body_never_ends_keeps_its_status_when_the_deadline_passes() -> None:
    hold = threading.Event()
    outcome = failed(
        [head("404 Not Found", "Content-Length: 100") + b"no such order", hold], seconds=1.0
    )
    assert (outcome.rule, outcome.transient) == ("HTTP 404", False)
    assert "no such order" in outcome.error.detail


def test_an_error_whose_head_never_ends_keeps_its_status_when_the_deadline_passes() -> None:
    hold = threading.Event()
    outcome = failed([b"HTTP/1.1 503 Busy\r\nRetry-Af", hold], seconds=1.0)
    assert (outcome.rule, outcome.transient) == ("HTTP 503", True)


def test_an_explanation_is_waited_for_a_few_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executions.calls.http.exchange.ERROR_BODY_SECONDS", 0.3)
    hold = threading.Event()
    outcome = failed(
        [head("503 Busy", "Retry-After: 7", "Content-Length: 9") + b"wait", hold], seconds=300.0
    )
    assert (outcome.rule, outcome.retry_after) == ("HTTP 503", 7)
    assert outcome.error.detail.endswith(": wait")


def test_what_an_interim_answer_says_is_not_the_status() -> None:
    hold = threading.Event()
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert content(b"HTTP/1.1 100 Continue\r\n\r\n" + early + answer("200 OK", b"[1]", JSON)) == [1]
    assert failed(early + broken("two lengths", 404)).rule == "HTTP 404"
    assert failed([early, hold], seconds=1.0).rule == "attempt timed out"
    assert (
        failed(head("101 Switching Protocols", "Upgrade: x", "Connection: upgrade") + b"x").rule
        == "HTTP 101"
    )


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_body_where_none_may_be_is_left_alone(status: str) -> None:
    outcome = call(answer(status, b"there is one", TEXT))
    if status.startswith("204"):
        assert isinstance(outcome, Done) and outcome.output == ""
    else:
        assert isinstance(outcome, Fail) and outcome.rule == "HTTP 304"


def test_trailers_and_the_oldest_version_are_read() -> None:
    chunks = b"3\r\n[1,\r\n2\r\n2]\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n"
    assert content(head("200 OK", JSON, "Transfer-Encoding: chunked") + chunks) == [1, 2]
    assert content(head("200 OK", JSON, version="HTTP/1.0") + b"[1]") == [1]
    assert content(b"HTTP/1.1 200\r\nContent-Length: 2, 2\r\n\r\nok") == "ok"


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ('{"é": "grüß"}'.encode("latin-1"), "application/json; charset=ISO-8859-1", {"é": "grüß"}),
        ('{"é": "grüß"}'.encode("latin-1"), "application/json", {"é": "grüß"}),
        ('{"é": "grüß"}'.encode(), "application/json; charset=ISO-8859-1", {"é": "grüß"}),
        ('{"é": "grüß"}'.encode(), "application/json; charset=undefined", {"é": "grüß"}),
        ('["€"]'.encode("cp1252"), 'application/json;charset="windows-1252"', ["€"]),
        ('["é"]'.encode("utf-8-sig"), "application/json", ["é"]),
        ('["é"]'.encode("utf-16"), "application/json", ["é"]),
        ('["é"]'.encode("utf-16-be"), "application/json; charset=utf-16be", ["é"]),
        ('["é"]'.encode("utf-16-le"), "application/json", ["é"]),
        ('["é"]'.encode("utf-32"), "application/json", ["é"]),
        ('["日本"]'.encode("shift_jis"), "application/json; charset=Shift_JIS", ["日本"]),
        ('["日本"]'.encode("iso2022_jp"), "application/json; charset=ISO-2022-JP", ["日本"]),
        ('["联通"]'.encode("gbk"), "application/json; charset=gb2312", ["联通"]),
        (b'["gr\xc3\xbc\xff"]', "application/json; charset=utf-8", ["grü\ufffd"]),
        (b"", "application/json", None),
        (b" \r\n\t", "application/json", None),
        (b"\xef\xbb\xbf", "application/json", None),
        (b'{"a": 1, "a": 2}', "application/json", {"a": 2}),
        (b"123456789012345678901234567890", "application/json", 123456789012345678901234567890),
        (
            b'["a\\u0000b", "\\ud800", "\\ud83d\\ude00"]',
            "application/json",
            ["a\ufffdb", "\ufffd", "😀"],
        ),
        (b'{"a\\u0000": 1}', "application/json", {"a\ufffd": 1}),
        (b"[1]", "text/json", [1]),
        (b"[1]", "application/x-amz-json-1.1", [1]),
        (b"[1]", "application/json, application/json", [1]),
        (b"[1]", "application/json; charset=utf-8, application/json", [1]),
        ("grüß".encode("latin-1"), "text/plain; charset=latin1, text/plain", "grüß"),
        ("grüß".encode("latin-1"), "text/plain; charset='iso-8859-1'", "grüß"),
        ("grüß".encode("latin-1"), "text/csv", "grüß"),
        ("grüß".encode("utf-16"), "text/plain", "grüß"),
        ("grüß".encode("utf-8-sig"), "text/plain; charset=latin1", "grüß"),
        (b"a\0b", "text/plain", "a\ufffdb"),
        (b"a\0b", "", base64.b64encode(b"a\0b").decode()),
        (b"\x89PNG", "image/png; charset=utf-8", base64.b64encode(b"\x89PNG").decode()),
        (b"\x89", "application/octet-stream; charset=latin1", base64.b64encode(b"\x89").decode()),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        (b"x", "no type at all", "x"),
    ],
)
def test_what_can_be_read_is_read(body: bytes, kind: str, expected: Any) -> None:
    lines = [f"Content-Type: {kind}"] if kind else []
    assert content(answer("200 OK", body, *lines)) == expected


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/json-seq",
        "text/csv",
        "application/csv",
        "application/yaml",
        "application/x-yaml",
        "application/vnd.x+yaml",
        "text/yaml",
        "application/sql",
        "application/jwt",
        "application/jose",
        "application/toml",
        "application/graphql",
        "application/javascript",
        "application/ecmascript",
        "text/javascript",
        "application/xml",
        "application/soap+xml",
        "application/x-www-form-urlencoded",
        "application/x-sh",
        "application/n-triples",
        "text/markdown",
        "TEXT/X-Anything",
        "application/x-unknown; charset=utf-8",
    ],
)
def test_text_types_arrive_as_text(kind: str) -> None:
    assert content(answer("200 OK", "a: grüß\n".encode(), f"Content-Type: {kind}")) == "a: grüß\n"


def test_a_content_type_that_was_sent_twice_is_read_once() -> None:
    assert content(answer("200 OK", b"[1]", JSON, JSON)) == [1]
    assert content(answer("200 OK", b"[1]", TEXT, JSON)) == [1]


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip, gzip", packed(packed("grüß".encode()))),
        ("gzip, gzip", packed("grüß".encode())),
        ("deflate, gzip", packed(deflated("grüß".encode()))),
        ("gzip", packed("grüß".encode()) + b"\0" * 70_000),
        ("gzip", packed(b"gr") + b"\0" * 99 + packed("üß".encode())),
        ("gzip", packed("grüß".encode()) + b"rubbish"),
        ("deflate", deflated("grüß".encode())),
        ("deflate", deflated("grüß".encode(), -15)),
        ("deflate", deflated("grüß".encode()) + b"\0\0"),
        ("X-GZIP ,", packed("grüß".encode())),
        ("utf-8", "grüß".encode()),
        ("none", "grüß".encode()),
        ("gzip", b""),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_packed_bodies_are_unpacked(encoding: str, data: bytes, chunked: bool) -> None:
    expected = "grüß" if data else ""
    lines = ["Content-Type: text/plain; charset=utf-8", f"Content-Encoding: {encoding}"]
    if chunked:
        chunks = (
            b"".join(b"1\r\n" + data[n : n + 1] + b"\r\n" for n in range(len(data))) + b"0\r\n\r\n"
        )
        assert content(head("200 OK", *lines, "Transfer-Encoding: chunked") + chunks) == expected
    else:
        assert content(answer("200 OK", data, *lines)) == expected


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip, gzip", packed(packed(b"\0" * 50_000_000))),
        ("gzip, gzip", packed(packed(b"x") + b"\0" * 50_000_000)),
        ("gzip", packed(b"x") + b"\0" * 2_000_000),
        ("gzip", packed(b"") * 100_000),
        ("", b"x" * 1_048_577),
    ],
)
def test_no_layer_of_a_body_grows_beyond_the_limit(encoding: str, data: bytes) -> None:
    outcome = failed(answer("200 OK", data, TEXT, f"Content-Encoding: {encoding}"))
    assert (outcome.rule, outcome.transient, outcome.effect_possible) == (
        "answer too large",
        False,
        True,
    )


def test_a_body_packed_six_times_is_not_unpacked() -> None:
    outcome = failed(answer("200 OK", b"", "Content-Encoding: " + ",".join(["gzip"] * 6)))
    assert outcome.rule == "answer not usable"


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/größe?q=ü".encode(), "/gr%C3%B6%C3%9Fe?q=%C3%BC"),
        (b"/gr%C3%B6%C3%9Fe?q=%C3%BC", "/gr%C3%B6%C3%9Fe?q=%C3%BC"),
        ("/ü/%C3%BC".encode(), "/%C3%BC/%C3%BC"),
        ("/gr\xf6".encode("latin-1"), "/gr%F6"),
        (b"/a b", "/a%20b"),
        (b"/{id}", "/%7Bid%7D"),
    ],
)
def test_an_address_of_a_redirect_is_encoded_once(location: bytes, path: str) -> None:
    first = head("302 Found", b"Location: " + location, "Content-Length: 0", "Connection: close")
    with RawServer(first, answer("200 OK", b"there", TEXT)) as server:
        arguments = {"method": "get", "endpoint": server.url + "/start", "redirect": True}
        outcome = http.run(arguments, make_context())
    assert isinstance(outcome, Done) and outcome.output == "there"
    assert server.heads[1].split(" ")[1] == path


def test_a_location_that_was_sent_twice_is_followed_once() -> None:
    first = head(
        "302 Found", "Location: /one", "Location: /one", "Content-Length: 0", "Connection: close"
    )
    with RawServer(first, answer("200 OK", b"there", TEXT)) as server:
        outcome = http.run(
            {"method": "get", "endpoint": server.url + "/", "redirect": True}, make_context()
        )
    assert isinstance(outcome, Done)
    assert server.heads[1].startswith("GET /one ")


def test_headers_of_any_bytes_are_shown_as_text() -> None:
    shown = content(
        answer("200 OK", b"x", TEXT, "X-Utf: grüß".encode(), b"X-Old: gr\xfc\xdf"),
        output="response",
    )
    assert (shown["headers"]["x-utf"], shown["headers"]["x-old"]) == ("grüß", "grüß")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("5, 5", 5.0), ("0007", 7.0), ("soon", None), ("-1", None), ("1.5", None)],
)
def test_a_retry_after_is_read_where_it_can_be(value: str, seconds: float | None) -> None:
    assert failed(answer("503 Busy", b"", f"Retry-After: {value}")).retry_after == seconds
