"""Whose a secret is, and where it may be sent."""

from __future__ import annotations

import pytest

from executions.hosts import Hosts
from executions.secrets import FOR_ADMINISTRATORS, Applicant, Rule, Secrets, SecretUnavailable

ANN = Applicant("ann", frozenset({"billing"}), workflow="order")
ADMIN = Applicant("root", is_admin=True)


@pytest.mark.parametrize(
    ("rule", "applicant", "allowed"),
    [
        (FOR_ADMINISTRATORS, ADMIN, True),
        (FOR_ADMINISTRATORS, ANN, False),
        (Rule(owners=frozenset({"ann"})), ANN, True),
        (Rule(owners=frozenset({"ann"})), Applicant("bob"), False),
        (Rule(owners=frozenset({"ann"})), ADMIN, True),
        (Rule(owners=frozenset({"ann"})), Applicant("ann", is_active=False), False),
        (Rule(groups=frozenset({"billing"})), ANN, True),
        (Rule(groups=frozenset({"sales"})), ANN, False),
        (Rule(workflows=frozenset({"order"})), ANN, True),
        (
            Rule(workflows=frozenset({"order"})),
            Applicant("bob", workflow="order", is_active=False),
            True,
        ),
        (Rule(workflows=frozenset({"order"})), Applicant("bob", workflow=""), False),
        (Rule(workflows=frozenset({""})), Applicant("bob", workflow=""), False),
    ],
)
def test_who_may_use_it(rule: Rule, applicant: Applicant, allowed: bool) -> None:
    assert rule.allows(applicant) is allowed


def test_where_it_may_be_sent() -> None:
    hosts = Hosts.from_entries(["api.shop.example", "*.pay.example:443"], domains=True)
    values = {"shop": "one-of-many-1", "free": "one-of-many-2", "fun": "one-of-many-3"}
    rules = {"shop": Rule(hosts=hosts), "fun": Rule(functions=frozenset({"shop.price"}))}
    one = Secrets(values, "nonce12345", rules=rules)
    one.send_to("api.shop.example", 80, ["shop", "free"])
    one.send_to("eu.pay.example", 443, ["shop"])
    one.send_to("anywhere.example", 443, ["free"])
    one.give_to("shop.price", ["fun", "free"])
    for host, port, name in [
        ("evil.example", 443, "shop"),
        ("api.shop.example.evil.example", 443, "shop"),
        ("pay.example", 443, "shop"),
        ("eu.pay.example", 80, "shop"),
        ("api.shop.example", 443, "fun"),
    ]:
        with pytest.raises(
            SecretUnavailable, match=f"'{name}'.*may not be sent to {host}"
        ) as caught:
            one.send_to(host, port, [name])
        assert caught.value.error.status == 403
    for function, name in [("other", "fun"), ("shop.price", "shop")]:
        with pytest.raises(SecretUnavailable, match=f"may not be given to the function {function}"):
            one.give_to(function, [name])
