"""Files in a storage that speaks S3: a real one, and ones that misbehave."""

from __future__ import annotations

import hashlib
import io
import itertools
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from executions.blobs import StorageFailed, TooLarge, at, exchange, s3
from tests.blobs.servers import BUCKET, KEY, SECRET, answering, nobody, say, storage
from tests.outbound.test_mail import certified

DIGEST = hashlib.sha256(b"hello").hexdigest()
NAME = f"of/stigmer/{DIGEST[:2]}/{DIGEST[2:]}"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    for name in ("AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(exchange, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with storage(tmp_path) as found:
        yield found


def put(address: str, body: bytes = b"hello", most_bytes: int = 10**9) -> str:
    return at(address).put(io.BytesIO(body), most_bytes).digest


def read(address: str, digest: str = DIGEST) -> bytes:
    with at(address).open(digest) as file:
        return file.read()


def test_a_file_is_kept_once_by_its_digest_and_removed(
    address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert put(address) == put(address) == DIGEST
    assert (tmp_path / BUCKET / NAME).read_bytes() == b"hello", "nothing but the digest names it"
    assert read(address) == b"hello"
    large = b"0123456789" * 1_000_000
    assert read(address, put(address, large)) == large
    assert read(address, put(address, b"")) == b""
    (tmp_path / BUCKET / "of/stigmer/ab").mkdir(exist_ok=True)
    (tmp_path / BUCKET / "of/stigmer/ab/somebody-elses").write_text("x")
    (tmp_path / BUCKET / "of/stigmer-not" / DIGEST[:2]).mkdir(parents=True)
    (tmp_path / BUCKET / "of/stigmer-not" / DIGEST[:2] / DIGEST[2:]).write_text("x")
    kept = at(address)
    assert list(kept.unused(3_600)) == [], "all are young"
    assert len(list(kept.unused(-60))) == 3, "what has other names is none of ours"
    kept.remove(DIGEST)
    kept.remove(DIGEST)
    with pytest.raises(FileNotFoundError):
        kept.open(DIGEST)
    assert SECRET not in caplog.text


def test_what_is_larger_than_allowed_or_no_digest_never_reaches_it(address: str) -> None:
    with pytest.raises(TooLarge):
        put(address, b"123456", most_bytes=5)
    for name in ("../../etc/passwd", "A" * 64, ""):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            at(address).open(name)
    assert list(at(address).unused(-60)) == []


def test_what_is_wrong_with_keys_or_bucket_is_said(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StorageFailed, match="404 NoSuchBucket"):
        put(address.replace(BUCKET, "others"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(StorageFailed, match="403") as refused:
        put(address)
    assert not refused.value.may_pass
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StorageFailed, match="AWS_SECRET_ACCESS_KEY is not set"):
        at(address)


def test_over_tls_only_an_authority_that_the_operator_names_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certified(tmp_path)
    with storage(tmp_path / "s3", tmp_path) as address:
        with pytest.raises(StorageFailed, match="not trusted: name the authority") as refused:
            put(address)
        assert refused.value.may_pass
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert read(address, put(address)) == b"hello"
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
        with pytest.raises(StorageFailed, match="SSL_CERT_FILE names cannot be used"):
            at(address).require(DIGEST)


@pytest.mark.parametrize(
    "text",
    [
        "s3://key:secret@files/x",
        "s3://Files",
        "s3://files/../x",
        "s3://files/a//b",
        "s3://files?endpoint=ftp://here",
        "s3://files?endpoint=http://here/path",
        "s3://files?endpoint=http://a@here",
        "s3://files?key=secret",
        "s3://files?region=eu&region=us",
        "https://files",
        "s3://[",
    ],
)
def test_an_address_that_says_nothing_is_refused_and_no_key_in_it_is_shown(text: str) -> None:
    with pytest.raises(StorageFailed, match="STIGMER_ARTIFACTS cannot be used") as refused:
        at(text)
    assert "secret" not in str(refused.value)


def test_a_redirect_is_not_followed_and_nothing_reaches_the_other_server(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-a-session")
    reached: list[str] = []

    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        reached.append(handler.path)
        say(handler, 200)

    with answering(elsewhere) as other:
        place = other.partition("endpoint=")[2]
        with answering(lambda handler: say(handler, 307, location=f"{place}/x")) as moved:
            for deed in (lambda: put(moved), lambda: read(moved), lambda: at(moved).remove(DIGEST)):
                with pytest.raises(StorageFailed, match=r"307.*not followed"):
                    deed()
    assert reached == []


def test_another_file_than_was_stored_is_never_handed_out() -> None:
    with (
        answering(lambda handler: say(handler, 200, b"other")) as address,
        pytest.raises(StorageFailed, match="something else"),
    ):
        read(address)


def test_an_answer_that_is_too_large_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "MOST_BYTES", 1_000)
    monkeypatch.setattr(exchange, "MOST_ANSWER_BYTES", 1_000)
    with answering(lambda handler: say(handler, 200, b"x" * 10_000)) as address:
        for deed in (lambda: read(address), lambda: list(at(address).unused(0))):
            with pytest.raises(StorageFailed, match="more than 1,000 bytes"):
                deed()


@pytest.mark.parametrize(
    "body",
    [
        b"no list",
        b'<!DOCTYPE x [<!ENTITY a "b">]><ListBucketResult/>',
        b"<ListBucketResult><Contents><Key>x</Key></Contents></ListBucketResult>",
    ],
)
def test_a_list_that_is_none_is_refused(body: bytes) -> None:
    with (
        answering(lambda handler: say(handler, 200, body)) as address,
        pytest.raises(StorageFailed, match="something else than a list"),
    ):
        list(at(address).unused(0))


def test_what_passes_is_tried_again_and_not_for_ever() -> None:
    asked = itertools.count()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        say(handler, 503 if next(asked) < 2 else 200, b"hello")

    with answering(answer) as address:
        assert read(address) == b"hello"
    with answering(lambda handler: say(handler, 503, b"<Code>SlowDown</Code>")) as address:
        with pytest.raises(StorageFailed, match="503 SlowDown") as failed:
            read(address)
        assert failed.value.may_pass
    with nobody() as address, pytest.raises(StorageFailed, match="does not answer") as away:
        put(address)
    assert away.value.may_pass
