"""Connections: names that change their mind, several addresses, certificates, proxies of the
environment.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from executions.calls.http import loop
from executions.calls.http import step as http
from executions.calls.http.egress import Egress
from executions.calls.http.network import VettedBackend
from executions.calls.http.refusal import Refusal
from executions.calls.outcome import Done, Fail
from executions.hosts import Address
from tests.calls.http.conftest import make_context
from tests.calls.http.faults import FaultServer


class Names:
    """A name server whose answers change with every question."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.questions = list(answers), 0

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.questions += 1
        return [ipaddress.ip_address(text) for text in self.answers.pop(0)]


def connect(backend: VettedBackend, host: str, port: int) -> tuple[str, int]:
    async def attempt() -> Any:
        stream = await backend.connect_tcp(host, port, timeout=5)
        try:
            return stream.get_extra_info("server_addr")
        finally:
            await stream.aclose()

    where: tuple[str, int] = asyncio.run(attempt())
    return where


def test_the_address_that_was_vetted_is_the_one_that_is_connected_to(server: FaultServer) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    backend = VettedBackend(Egress.from_settings(["127.0.0.1"]), names)
    assert connect(backend, "rebinding.example", server.port) == ("127.0.0.1", server.port)
    assert names.questions == 1


def test_a_name_that_flips_to_a_private_address_is_refused_the_next_time(
    server: FaultServer,
) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"], ["169.254.169.254"])
    backend = VettedBackend(Egress.from_settings([f"127.0.0.1:{server.port}"]), names)
    connect(backend, "rebinding.example", server.port)
    for _ in range(2):
        with pytest.raises(Refusal, match="is not a public internet address"):
            connect(backend, "rebinding.example", server.port)


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    backend = VettedBackend(Egress(), Names(["93.184.216.34", "10.0.0.1"]))
    with pytest.raises(Refusal, match=r"its address 10\.0\.0\.1"):
        connect(backend, "mixed.example", 80)


def test_the_next_address_is_tried_where_one_does_not_answer(server: FaultServer) -> None:
    backend = VettedBackend(
        Egress.from_settings(["127.0.0.0/8", "::1"]), Names(["::1", "127.0.0.1"])
    )
    assert connect(backend, "two.example", server.port) == ("127.0.0.1", server.port)


def test_a_name_without_addresses_is_not_found() -> None:
    with pytest.raises(httpcore.ConnectError, match="has no address"):
        connect(VettedBackend(Egress(), Names([])), "none.example", 80)


def test_proxies_of_the_environment_are_ignored(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    assert isinstance(
        http.run({"method": "get", "endpoint": f"{server.url}/echo"}, make_context()), Done
    )


def certificate_for(name: str, folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


class SecureServer:
    """Answers every request over TLS with the host name that the client asked for in its hello."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.names: list[str | None] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._tls.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._tls.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65_536)
                    connection.sendall(
                        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
                    )
            except OSError:
                plain.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecureServer]:
    certificate, key = certificate_for("localhost", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    loop.close()
    server = SecureServer(certificate, key)
    yield server
    server.close()
    loop.close()


def test_the_name_of_the_url_is_what_the_certificate_is_checked_against(
    secure: SecureServer,
) -> None:
    call = {"method": "get", "endpoint": f"https://localhost:{secure.port}/"}
    assert http.run(call, make_context(http_allowed_hosts=["127.0.0.0/8", "::1"])) == Done("ok")
    assert secure.names == ["localhost"]


def test_a_certificate_for_another_name_is_permanent_and_nothing_was_sent(
    secure: SecureServer,
) -> None:
    call = {"method": "post", "endpoint": f"https://127.0.0.1:{secure.port}/", "body": {}}
    outcome = http.run(call, make_context())
    assert isinstance(outcome, Fail)
    assert (outcome.rule, outcome.transient, outcome.effect_possible) == (
        "TLS certificate refused",
        False,
        False,
    )
    assert "the certificate was not accepted" in outcome.error.detail
