from __future__ import annotations

import pytest

from executions.clients.addresses import client_address, client_scheme, network_of

PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("lines", "hops", "expected"),
    [
        ([], 0, PEER),
        (["192.0.2.7"], 0, PEER),
        (["192.0.2.7"], 1, "192.0.2.7"),
        (["198.51.100.9, 192.0.2.7"], 1, "192.0.2.7"),
        (["198.51.100.9, 192.0.2.7, 10.0.0.2"], 2, "192.0.2.7"),
        (["198.51.100.9", "192.0.2.7"], 1, "192.0.2.7"),
        (["192.0.2.7"], 2, PEER),
        (["192.0.2.7, nonsense"], 1, PEER),
        (["192.0.2.7, "], 1, PEER),
        (["192.0.2.7:4711"], 1, "192.0.2.7"),
        (['"[2001:db8::7]:4711"'], 1, "2001:db8::7"),
        (["2001:db8::7"], 1, "2001:db8::7"),
    ],
)
def test_the_address_is_read_from_the_right_past_our_own_proxies(lines, hops, expected):
    assert client_address(PEER, lines, hops) == expected


@pytest.mark.parametrize(
    ("lines", "hops", "expected"),
    [
        (["https"], 0, "http"),
        (["https"], 1, "https"),
        (["https"], 2, "https"),
        (["https, http"], 1, "http"),
        (["http, https, http"], 2, "https"),
        (["HTTPS"], 1, "https"),
        (["gopher"], 1, "http"),
        ([], 1, "http"),
    ],
)
def test_the_scheme_is_what_our_outermost_proxy_was_called_by(lines, hops, expected):
    assert client_scheme("http", lines, hops) == expected


def test_one_customers_ipv6_network_is_one_caller():
    assert (
        network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    )
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("") == ""
