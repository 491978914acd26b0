from __future__ import annotations

import pytest

from executions.language import Duration, ErrorDefinition, RetryPolicy, Timeout, Workflow
from tests.language.texts import parsed

USE = """
use:
  secrets: [shop, token]
  retries: {often: {delay: PT1S}}
  errors: {gone: {type: 'https://x.example/gone', status: 410}}
  timeouts: {short: {after: PT5S}}
  authentications:
    inline: {basic: {username: me, password: '${ $secrets.shop.password }'}}
    secret: {basic: {use: shop}}
    bearer: {bearer: {use: token}}
"""


@pytest.fixture
def workflow() -> Workflow:
    return parsed("- a: {set: {x: 1}}", USE).workflow


def test_a_reference_gives_what_is_named(workflow: Workflow) -> None:
    assert workflow.retry_policy("often") == RetryPolicy(delay=Duration(1.0))
    assert workflow.error_definition("gone").status == 410
    assert workflow.timeout_of("short") == Timeout(after=Duration(5.0))


def test_what_is_no_reference_is_given_back(workflow: Workflow) -> None:
    policy, timeout = RetryPolicy(), Timeout(after=Duration(1.0))
    error = ErrorDefinition(type="https://x.example/e", status=400)
    assert workflow.retry_policy(policy) is policy
    assert workflow.timeout_of(timeout) is timeout
    assert workflow.timeout_of(None) is None
    assert workflow.error_definition(error) is error


@pytest.mark.parametrize(
    ("authentication", "policy"),
    [
        ("inline", {"basic": {"username": "me", "password": "${ $secrets.shop.password }"}}),
        (
            {"use": "inline"},
            {"basic": {"username": "me", "password": "${ $secrets.shop.password }"}},
        ),
        (
            {"use": "secret"},
            {
                "basic": {
                    "username": '${ $secrets["shop"].username }',
                    "password": '${ $secrets["shop"].password }',
                }
            },
        ),
        ("bearer", {"bearer": {"token": '${ $secrets["token"].token }'}}),
        ({"bearer": {"use": "token"}}, {"bearer": {"token": '${ $secrets["token"].token }'}}),
        ({"bearer": {"token": "${ .t }"}}, {"bearer": {"token": "${ .t }"}}),
    ],
)
def test_authentication_is_resolved_to_one_form(
    workflow: Workflow, authentication: object, policy: object
) -> None:
    assert workflow.authentication(authentication) == policy  # type: ignore[arg-type]


def test_a_workflow_needs_no_more_than_its_head_and_tasks() -> None:
    bare = parsed("- a: {set: {x: 1}}").workflow
    assert (bare.input, bare.output, bare.timeout, bare.metadata) == (None, None, None, {})
    assert (bare.use.functions, bare.use.secrets) == ({}, [])
    assert (bare.document.namespace, bare.document.name, bare.document.version) == (
        "shop",
        "order",
        "0.1.0",
    )


def test_a_workflow_does_not_change_once_made(workflow: Workflow) -> None:
    with pytest.raises(ValueError, match="frozen"):
        workflow.do = []  # type: ignore[misc]
