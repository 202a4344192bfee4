"""Every kind of form field ends with the recorded value, and the page sees the events of a user."""

from __future__ import annotations

from typing import Any

import pytest

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.map import Step, Text
from tests.browser.live import Tab, css

LOG = "<script>window.seen = []; for (const t of ['input', 'change']) addEventListener(t, (e) => seen.push(t), true)</script>"


async def change(tab: Tab, value: str, **more: Any) -> None:
    await tab.replay(Step("s", "change", place=css("#f"), text=Text(value), **more))


async def value_after(tab: Tab, field: str, value: str) -> Any:
    await tab.show(LOG + field)
    await change(tab, value)
    return await tab.js("document.querySelector('#f').value")


VALUES = [
    ("<input id=f>", "Ada"),
    ("<input id=f value=Ad>", "Ada"),
    ("<input id=f value=Bob>", "Ada"),
    ("<input id=f value=Bob>", ""),
    ("<input id=f value=Ada>", "Ada"),
    ("<input id=f>", "Grüße, 世界 🌍"),
    ("<input id=f type=password value=x>", "xyz"),
    ("<input id=f type=email value=a@b>", "a@b.test"),
    ("<input id=f type=email value=c@d>", ""),
    ("<input id=f type=number value=12>", "123"),
    ("<input id=f type=tel value=0>", "0123"),
    ("<textarea id=f></textarea>", "one\ntwo"),
    ("<textarea id=f>old text</textarea>", "new"),
    ("<input id=f type=color>", "#00ff7f"),
    ("<input id=f type=date>", "2024-02-29"),
    ("<input id=f type=time value=01:00>", "23:59"),
    ("<input id=f type=datetime-local>", "2024-02-29T12:30"),
    ("<input id=f type=month>", "2024-02"),
    ("<input id=f type=week>", "2024-W09"),
    ("<input id=f type=range min=0 max=10>", "7"),
    ("<select id=f><option>one<option value=2>two</select>", "2"),
    ("<select id=f><option>one<option value=2>two</select>", "one"),
]


async def test_a_field_ends_with_the_value(tab: Tab) -> None:
    found = [(field, await value_after(tab, field, value)) for field, value in VALUES]
    assert found == VALUES


async def test_a_select_also_chooses_by_label(tab: Tab) -> None:
    assert await value_after(tab, "<select id=f><option value=1>one<option value=2>two</select>", "two") == "2"


async def test_the_page_sees_the_events_of_a_user(tab: Tab) -> None:
    for field, value, events in (
        ("<input id=f>", "Ada", ["input"]),
        ("<select id=f><option>one<option>two</select>", "two", ["input", "change"]),
        ("<input id=f type=date>", "2024-02-29", ["input", "change"]),
        ("<input id=f type=checkbox>", "on", ["input", "change"]),
        ("<input id=f value=Ada>", "Ada", []),
    ):
        await value_after(tab, field, value)
        assert await tab.js("seen") == events, field


async def test_a_framework_that_watches_the_setter_is_not_fooled(tab: Tab) -> None:
    await tab.show(
        "<input id=f type=date><script>const f = document.querySelector('#f');"
        "Object.defineProperty(f, 'value', {set() { window.bypassed = false }, get() { return 'own' }})</script>"
    )
    await change(tab, "2024-02-29")
    assert await tab.js("f.valueAsDate.toISOString()") == ("2024-02-29T00:00:00.000Z")


async def test_boxes_are_checked_by_the_truth_of_the_text(tab: Tab) -> None:
    for field, value, checked in (
        ("<input id=f type=checkbox>", "on", True),
        ("<input id=f type=checkbox checked>", "on", True),
        ("<input id=f type=checkbox checked>", "false", False),
        ("<input id=f type=radio>", "on", True),
    ):
        await tab.show(field)
        await change(tab, value)
        assert await tab.js("document.querySelector('#f').checked") is checked, (field, value)


async def test_an_editable_element_ends_with_exactly_the_text(tab: Tab) -> None:
    for held, value in (("", "Ada"), ("Ad", "Ada"), ("<b>Bob</b> B", "Ada"), ("x", "")):
        await tab.show(f"<div id=f contenteditable style='min-height:20px'>{held}</div>")
        await change(tab, value)
        assert (await tab.js("document.querySelector('#f').innerText")).strip() == value, held


async def test_a_field_within_a_shadow_root_is_written(tab: Tab) -> None:
    await tab.show("<my-f id=h></my-f><script>h.attachShadow({mode: 'open'}).innerHTML = '<input id=f>'</script>")
    await tab.replay(Step("s", "change", place=css("#h", "#f"), text=Text("Ada")))
    assert await tab.js("h.shadowRoot.querySelector('#f').value") == "Ada"


@pytest.mark.parametrize(
    "field",
    [
        "<input id=f readonly>",
        "<input id=f disabled>",
        "<fieldset disabled><input id=f></fieldset>",
        "<select id=f><option>one</select>",
    ],
)
async def test_what_cannot_take_the_value_by_the_deadline_is_told(tab: Tab, field: str) -> None:
    await tab.show(field)
    with pytest.raises(StepError) as failed:
        await change(tab, "Ada", timeout_s=0.6)
    assert failed.value.cause is Cause.ELEMENT_NOT_ACTIONABLE
    assert "Ada" not in str(failed.value)


async def test_a_field_that_is_unlocked_late_is_waited_for(tab: Tab) -> None:
    await tab.show("<input id=f readonly><script>setTimeout(() => { f.readOnly = false }, 80)</script>")
    await change(tab, "Ada")
    assert await tab.js("f.value") == "Ada"


@pytest.mark.parametrize(
    ("field", "value"),
    [("<input id=f type=file>", "C:\\fakepath\\a"), ("<input id=f type=date>", "29.2.2024"), ("<p id=f>no field", "x")],
)
async def test_what_takes_no_such_value_is_refused(tab: Tab, field: str, value: str) -> None:
    await tab.show("<input id=other autofocus>" + field)
    with pytest.raises(StepError) as failed:
        await change(tab, value)
    assert failed.value.cause is Cause.ELEMENT_NOT_ACTIONABLE
    assert await tab.js("other.value") == ""


async def test_typing_sends_key_events_with_their_codes(tab: Tab) -> None:
    await tab.show(
        "<input id=f><script>window.keys = []; f.onkeydown = (e) => keys.push(e.key + ' ' + e.code)</script>"
    )
    await tab.replay(Step("s", "type", place=css("#f"), text=Text("aB 1é")))
    assert await tab.js("f.value") == "aB 1é"
    assert await tab.js("keys") == ["a KeyA", "B KeyB", "  Space", "1 Digit1"]


async def test_enter_submits_a_form(tab: Tab) -> None:
    tab.site.put("/found", "<title>Found</title>")
    await tab.show("<form action=/found><input id=f name=q></form>")
    await tab.replay(
        Step("a", "change", place=css("#f"), text=Text("milk")),
        Step("b", "key_down", {"key": "Enter"}),
        Step("c", "key_up", {"key": "Enter"}, exit=()),
        Step("d", "wait_for_expression", {"expression": "document.title === 'Found'"}),
    )
    assert tab.page.url == f"{tab.site.origin}/found?q=milk"
