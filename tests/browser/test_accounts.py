"""Accounts in a real browser: a passkey of a virtual authenticator, and the pages in both themes."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import signed_in
from tests.live import LiveStigmer, command, environment
from tests.waiting import PAGE_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.processes]
PASSWORD = "four words in a row"
PAGES = (
    "/account/",
    "/account/sessions",
    "/account/password",
    "/account/second-factor",
    "/account/passkeys",
    "/account/confirm",
    "/admin/",
    "/admin/auth/user/",
    "/admin/executions/execution/",
    "/admin/executions/apitoken/",
    "/admin/settings/",
)


def by_name(browser: Browser, live: LiveStigmer) -> Page:
    """At the name of this machine: no passkey is for an address of numbers."""
    page = browser.new_context().new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    page.goto(live.base_url.replace("127.0.0.1", "localhost") + "/log-in")
    return page


def test_a_passkey_is_added_and_opens_the_door_without_a_password(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    subprocess.run(
        command("administrator", "keyed", "--password-stdin"),
        input=PASSWORD.encode(),
        env=environment(live_stigmer.home),
        check=True,
    )
    page = by_name(chromium, live_stigmer)
    base = page.url.removesuffix("/log-in")
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    page.get_by_label("Username").fill("keyed")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto(f"{base}/account/passkeys/add")
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    page.get_by_role("button", name="Log out").last.click()
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto(f"{base}/account/passkeys")
    expect(page.get_by_text("My laptop")).to_be_visible()
    page.context.close()


def test_pages_of_accounts_and_of_the_admin_fit_and_are_accessible(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    """At every width and in both themes: ``violations`` says what is wider than the screen, too."""
    page = signed_in(chromium, live_stigmer, "admin")
    for path in PAGES:
        page.goto(f"{live_stigmer.base_url}{path}")
        assert violations(page) == [], path
    page.context.close()
