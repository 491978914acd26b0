"""Which addresses may be called: hostile spellings of private ones, and what an operator may
list.
"""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from executions.calls.http import step as http
from executions.calls.http.egress import Egress, is_public
from executions.calls.outcome import Done, Fail
from executions.errors import ERROR_TYPES
from tests.calls.http.conftest import make_context
from tests.calls.http.faults import FaultServer


def words(text: str) -> list[str]:
    return text.split()


PRIVATE_ADDRESSES = words("""
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.1.2.3
    127.255.255.255 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170
    192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1
    203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16
    :: ::1 ::127.0.0.1 ::169.254.169.254 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0.0.0.0
    ::ffff:7f00:1 64:ff9b::127.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 64:ff9b:1::8.8.8.8 100::1
    2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 2002:a00:1::
    3fff::1 5f00::1 fc00::1 fd00:ec2::254 fd12:3456::1 fe80::1 fec0::1 ff02::1 ff0e::1
    2606:4700::5efe:127.0.0.1 2606:4700::200:5efe:10.0.0.1
""")

PUBLIC_ADDRESSES = words("""
    1.1.1.1 8.8.8.8 93.184.216.34 172.15.255.255 172.32.0.1 192.167.255.255 100.63.255.255 100.128.0.1 223.255.255.254
    2606:4700:4700::1111 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::
""")

# Spellings of hosts that lead, or pretend to lead, somewhere else than they look; none may reach a
# socket.
HOSTILE_URLS = (
    """
    http://127.0.0.1/ http://127.0.0.1:80/ http://127.0.0.1./ http://127.1/ http://127.0.1/ http://0/ http://0.0.0.0/
    http://2130706433/ http://0x7f000001/ http://0x7f.0.0.1/ http://0x7f.1/ http://0X7F.0X0.0X0.0X1/ http://017700000001/
    http://0177.0.0.1/ http://0177.0.0.01/ http://00000177.0.0.1/ http://127.000.000.001/ http://127.0.0.1.1/
    http://127.0.0.0x1/ http://0x7f.0.0.1./ http://2130706433./ http://4294967295/ http://3232235521/ http://2852039166/
    http://0xa9fea9fe/ http://0251.0376.0251.0376/ http://169.254.169.254/latest/meta-data/ http://169.254.43518/
    http://169.16689662/ http://127.0.0.1%2f@example.org/ http://127%2e0%2e0%2e1/ http://%31%32%37.0.0.1/
    http://[::1]/ http://[::]/ http://[0:0:0:0:0:0:0:1]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/
    http://[0:0:0:0:0:ffff:127.0.0.1]/ http://[::ffff:169.254.169.254]/ http://[::127.0.0.1]/ http://[64:ff9b::7f00:1]/
    http://[2002:7f00:1::]/ http://[2001:0:7f00:1::]/ http://[fe80::1]/ http://[fe80::1%25eth0]/ http://[::1%25lo]/
    http://[fd00:ec2::254]/ http://[fec0::1]/ http://[ff02::1]/ http://[::1/ http://::1]/ http://::1/ http://[]/
    http://[127.0.0.1]/ http://[v1.1]/ http://localhost/ http://LOCALHOST/ http://localhost./ http://LocalHost:22/
    http://localhost../ http://.localhost/ http://-localhost/ http://①②⑦.⓪.⓪.①/ http://１２７.0.0.1/ http://127。0。0。1/
    http://127．0．0．1/ http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/ http://ｌｏｃａｌｈｏｓｔ/ http://loc\u00adalhost/ http://local\u200bhost/
    http://user@127.0.0.1/ http://user:pass@127.0.0.1/ http://example.org@127.0.0.1/ http://127.0.0.1@example.org/
    http://example.org:80@127.0.0.1/ http://@127.0.0.1/ http://:@127.0.0.1/ http://example.org%40127.0.0.1/
    http://a@b@127.0.0.1/ http://example.org\\\\@127.0.0.1/ http:\\\\\\\\127.0.0.1/ http:/\\\\127.0.0.1/ http://127.0.0.1\\\\.example.org/
    http:127.0.0.1/ http:/127.0.0.1/ http:///127.0.0.1/ //127.0.0.1/ ://127.0.0.1/ 127.0.0.1 localhost:80 /etc/passwd
    file:///etc/passwd ftp://127.0.0.1/ gopher://127.0.0.1:6379/_INFO dict://127.0.0.1:11211/ ldap://127.0.0.1/
    unix:///var/run/docker.sock ws://127.0.0.1/ wss://127.0.0.1/ data:text/plain,hi javascript:alert(1) jar:http://127.0.0.1!/
    http://127.0.0.1:0/ http://127.0.0.1:-1/ http://127.0.0.1:65536/ http://127.0.0.1:80:80/ http://127.0.0.1:8O/
    http://example.org:99999/ http://ex_am%00ple/ http://exa%0d%0ample/ http://a..b/ http://host,name/ http://a;b/
    http://{host}/ http://$host/ http://[fe80::1]:80:80/ http://*.example.org/ http://a|b/ http://!/
""".replace("\\u00ad", "\u00ad")
    .replace("\\u200b", "\u200b")
    .replace("\\\\", "\\")
    .split()
)

WITH_SPACES = [
    "http://127.0.0.1 /",
    " http://127.0.0.1/",
    "http://127.0.0.1\t/",
    "http://127.0.0.1\r\n/",
    "http://\x00/",
    "",
]


@pytest.mark.parametrize("text", PRIVATE_ADDRESSES)
def test_addresses_of_special_networks_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC_ADDRESSES)
def test_addresses_of_the_internet_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("uri", HOSTILE_URLS + WITH_SPACES, ids=ascii)
def test_hostile_spellings_are_refused_before_anything_is_sent(uri: str) -> None:
    outcome = http.run({"method": "get", "endpoint": uri}, make_context(http_allowed_hosts=[]))
    assert isinstance(outcome, Fail)
    assert not outcome.effect_possible, outcome
    assert outcome.rule in ("request not valid", "egress refused", "name not found"), outcome


def test_the_table_of_hostile_spellings_is_long_enough() -> None:
    assert len(set(HOSTILE_URLS + WITH_SPACES)) >= 100


def test_a_refusal_names_the_setting_that_would_allow_the_address(server: FaultServer) -> None:
    outcome = http.run(
        {"method": "get", "endpoint": f"{server.url}/echo"}, make_context(http_allowed_hosts=[])
    )
    assert isinstance(outcome, Fail)
    assert outcome.error.type == ERROR_TYPES + "authorization"
    assert (
        outcome.error.detail
        == f"127.0.0.1:{server.port} may not be called: it is not a public internet address; an"
        f" operator can allow it by listing '127.0.0.1:{server.port}' in the setting"
        " STIGMER_HTTP_ALLOWED_HOSTS"
    )
    assert server.seen == []


def test_a_name_that_leads_inside_is_refused_with_the_address_that_it_leads_to() -> None:
    outcome = http.run(
        {"method": "get", "endpoint": "http://localhost:9/"}, make_context(http_allowed_hosts=[])
    )
    assert isinstance(outcome, Fail)
    assert "localhost:9 may not be called: its address " in outcome.error.detail


@pytest.mark.parametrize(
    "entry",
    [
        "127.0.0.1",
        "127.0.0.1:{port}",
        "127.0.0.0/8",
        "localhost",
        "LocalHost:{port}",
        "::ffff:127.0.0.0/104",
    ],
)
def test_a_listed_address_may_be_called(server: FaultServer, entry: str) -> None:
    host = "localhost" if "ocal" in entry else "127.0.0.1"
    allowed = [entry.format(port=server.port), "::1"]
    if entry.startswith("::ffff"):
        host, allowed = "[::ffff:127.0.0.1]", ["127.0.0.0/8"]
    url = f"http://{host}:{server.port}/echo"
    assert isinstance(
        http.run({"method": "get", "endpoint": url}, make_context(http_allowed_hosts=allowed)), Done
    )


@pytest.mark.parametrize(
    "entry", ["127.0.0.1:1", "127.0.0.2", "10.0.0.0/8", "example.org", "localhost"]
)
def test_an_entry_allows_nothing_but_what_it_says(server: FaultServer, entry: str) -> None:
    outcome = http.run(
        {"method": "get", "endpoint": f"{server.url}/echo"},
        make_context(http_allowed_hosts=[entry]),
    )
    assert isinstance(outcome, Fail) and outcome.rule == "egress refused"


def test_a_connection_that_one_policy_opened_is_not_used_under_another(server: FaultServer) -> None:
    call: dict[str, Any] = {"method": "get", "endpoint": f"{server.url}/echo"}
    assert isinstance(http.run(call, make_context()), Done)
    outcome = http.run(call, make_context(http_allowed_hosts=[]))
    assert isinstance(outcome, Fail) and outcome.rule == "egress refused"


def test_ports_can_be_limited(server: FaultServer) -> None:
    outcome = http.run(
        {"method": "get", "endpoint": f"{server.url}/echo"},
        make_context(http_allowed_hosts=[], http_only_hosts=["*:80", "*:443"]),
    )
    assert isinstance(outcome, Fail)
    assert "it is not on the list of hosts that may be called" in outcome.error.detail


@pytest.mark.parametrize("entry", ["*", "*:", "*:0", "*:https", "*:443:80", "*:-1"])
def test_a_port_that_is_not_understood_is_an_error(entry: str) -> None:
    with pytest.raises(ValueError, match="is not understood; write host"):
        Egress.from_settings(only=[entry])


@pytest.mark.parametrize(
    "entry", ["", "*", "*.example.org", "http://a", "a:b", "a:0", "a:65536", "a:b:80", "a@b", "a/8"]
)
def test_an_entry_that_is_not_understood_is_an_error(entry: str) -> None:
    with pytest.raises(ValueError, match="is not understood; write host"):
        Egress.from_settings([entry])


@pytest.mark.parametrize(
    ("entry", "host", "listed"),
    [
        ("shop.example", "shop.example", True),
        ("shop.example", "Shop.Example.", True),
        ("shop.example:443", "shop.example", True),
        ("shop.example:80", "shop.example", False),
        ("shop.example", "www.shop.example", False),
        ("shop.example", "evilshop.example", False),
        ("*.shop.example", "a.b.shop.example", True),
        ("*.shop.example:443", "a.shop.example", True),
        ("*.shop.example:80", "a.shop.example", False),
        ("*.shop.example", "shop.example", False),
        ("*.shop.example", "evilshop.example", False),
        ("*:443", "shop.example", True),
        ("*:443", "8.8.8.8", True),
        ("*:80", "shop.example", False),
        ("8.8.8.0/24", "8.8.8.8", True),
        ("8.8.8.0/24", "8.8.4.4", False),
        ("8.8.8.0/24", "dns.example", False),
        ("8.8.8.8", "8.8.8.8", True),
        ("8.8.8.8:443", "8.8.8.8", True),
        ("8.8.8.8:80", "8.8.8.8", False),
        ("8.8.8.8", "::ffff:8.8.8.8", True),
        ("2001:4860::/32", "2001:4860:4860::8888", True),
    ],
)
def test_in_list_mode_nothing_but_the_list_may_be_called(
    entry: str, host: str, listed: bool
) -> None:
    assert Egress.from_settings(only=[entry]).is_listed(host, 443) is listed
    assert Egress.from_settings(["shop.example", "8.8.8.0/24"], only=["other.example"]).is_listed(
        "8.8.8.8", 443
    )
    assert Egress.from_settings().is_listed(host, 443)


def test_in_list_mode_a_listed_name_that_leads_inside_is_still_refused(server: FaultServer) -> None:
    call: dict[str, Any] = {"method": "get", "endpoint": f"http://localhost:{server.port}/echo"}
    outcome = http.run(call, make_context(http_allowed_hosts=[], http_only_hosts=["localhost"]))
    assert isinstance(outcome, Fail) and "is not a public internet address" in outcome.error.detail


def test_in_list_mode_what_is_allowed_inside_may_be_called(server: FaultServer) -> None:
    call: dict[str, Any] = {"method": "get", "endpoint": f"{server.url}/echo"}
    assert isinstance(http.run(call, make_context(http_only_hosts=["shop.example"])), Done)


def test_in_list_mode_a_name_that_is_not_listed_is_not_looked_up() -> None:
    call: dict[str, Any] = {"method": "get", "endpoint": "http://no-such-host.invalid/"}
    outcome = http.run(
        call, make_context(http_allowed_hosts=["localhost"], http_only_hosts=["shop.example"])
    )
    assert isinstance(outcome, Fail)
    assert (outcome.rule, outcome.transient, outcome.effect_possible) == (
        "egress refused",
        False,
        False,
    )
    assert (
        outcome.error.detail
        == "no-such-host.invalid:80 may not be called: it is not on the list of hosts that may be"
        " called; an operator can allow it by listing 'no-such-host.invalid' in the setting"
        " STIGMER_HTTP_ONLY_HOSTS"
    )


def test_in_list_mode_every_hop_of_a_redirect_is_vetted(server: FaultServer) -> None:
    away = b"http://elsewhere.example/".hex()
    call: dict[str, Any] = {
        "method": "get",
        "endpoint": f"{server.url}/redirect/302/{away}",
        "redirect": True,
    }
    outcome = http.run(call, make_context(http_only_hosts=["shop.example"]))
    assert (
        isinstance(outcome, Fail)
        and "elsewhere.example:80 may not be called" in outcome.error.detail
    )
