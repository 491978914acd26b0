"""The editor of definitions, as one writes in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.people import signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]

HEAD = "document: {dsl: '1.0.0', namespace: tests, name: written-here, version: '1.0.0'}\ndo:\n"


@pytest.fixture
def page(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "demo")
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    page.goto(f"{live_stigmer.base_url}/workflows/apply")
    expect(page.locator(".cm-editor")).to_be_visible()
    yield page
    # The policy of the page refuses no style of the editor.
    assert refused == []
    page.context.close()


def _rewrite(box: Locator, text: str) -> None:
    """In place of what stands there. Emptied first: where Chromium itself deletes coloured text it
    writes style attributes, which the policy of the page refuses.
    """
    box.press("Control+a")
    box.press("Delete")
    box.fill(text)


def _offered(page: Page) -> Locator:
    return page.locator(".cm-completionLabel")


def _take(page: Page, label: str) -> None:
    """Choose from what is offered here."""
    page.keyboard.press("Control+Space")
    page.get_by_role("option", name=re.compile(rf"^{label}( needed)?$")).click()


def test_keywords_kinds_and_names_are_completed_where_they_stand(page: Page) -> None:
    box = page.get_by_label("Definition")
    box.fill(HEAD + "- greet:\n    ")
    box.press("Control+End")
    _take(page, "call")
    _take(page, "python")
    box.press("Enter")
    page.keyboard.press("Control+Space")
    expect(page.get_by_role("option", name="with needed", exact=True)).to_be_visible()
    # Keys of another kind of task are not offered.
    expect(page.get_by_role("option", name="switch", exact=True)).to_have_count(0)
    page.keyboard.press("Escape")
    _take(page, "with")
    _take(page, "function")
    page.keyboard.press("Control+Space")
    expect(_offered(page).first).to_contain_text("demo.")


def test_a_problem_is_marked_in_its_line_and_goes_when_it_is_mended(page: Page) -> None:
    box = page.get_by_label("Definition")
    box.fill(HEAD + "- greet: {cal: http}\n")
    expect(page.locator("#checked .problems")).to_contain_text("line 3")
    expect(page.locator(".cm-lint-marker-error")).to_be_visible()
    page.locator(".cm-lint-marker-error").hover()
    expect(page.locator(".cm-tooltip code")).to_have_text(["cal", "call"])
    _rewrite(box, HEAD + "- greet: {set: {message: hello}}\n")
    expect(page.locator("#checked")).to_contain_text("No problems. Applying it stores version 1.")
    expect(page.locator("#checked .graph")).to_contain_text("greet")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(0)
    found = violations(page)
    assert found == [], found


def test_what_is_written_is_sent_and_a_change_is_shown_before(page: Page) -> None:
    text = HEAD + "- greet: {set: {message: hello}}\n"
    page.get_by_label("Definition").fill(text)
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Change definition").click()
    box = page.get_by_label("Definition")
    expect(page.locator(".cm-editor")).to_be_visible()
    _rewrite(box, text.replace("hello", "good evening"))
    expect(page.locator("#checked")).to_contain_text("Applying it stores version 2.")
    expect(page.locator("#checked .removed")).to_contain_text("hello")
    expect(page.locator("#checked .added")).to_contain_text("good evening")
    box.press("Control+Enter")
    expect(page.get_by_text("Version 2 was made.")).to_be_visible()


def test_a_dry_run_says_where_it_ends(page: Page) -> None:
    text = HEAD + "- greet: {set: {said: '${ .name }'}}\n- ask: {call: http, with: "
    text += "{method: get, endpoint: 'https://shop.example/'}}\n"
    page.get_by_label("Definition").fill(text)
    page.get_by_text("Dry run", exact=True).first.click()
    page.get_by_label("Input (JSON)").fill('{"name": "Ada"}')
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#checked")).to_contain_text("ask would call http here.")
    expect(page.get_by_role("row", name="greet set")).to_contain_text("Ada")
    assert violations(page) == []


def test_a_drawing_larger_than_its_box_has_a_small_picture_of_itself(page: Page) -> None:
    page.get_by_label("Definition").fill(
        HEAD + "".join(f"- s{at}: {{set: {{n: {at}}}}}\n" for at in range(40))
    )
    small = page.locator(".minimap")
    expect(small).to_be_visible()
    small.click(position={"x": 4, "y": 120})
    page.wait_for_function("document.querySelector('.graph').scrollTop > 500")


def test_without_scripts_the_text_is_looked_at_and_applied_in_a_plain_box(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    page = signed_in(chromium, live_stigmer, "demo", java_script_enabled=False)
    page.goto(f"{live_stigmer.base_url}/workflows/apply")
    page.get_by_label("Definition").fill(
        HEAD.replace("written-here", "plain") + "- greet: {set: {message: hello}}\n"
    )
    page.get_by_role("button", name="Look first").click()
    expect(page.locator("#checked")).to_contain_text("No problems.")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("The workflow was created.")).to_be_visible()
    page.context.close()
