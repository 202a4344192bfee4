"""Acting on a page: where a click lands, what holds it up, keys, scrolling, waiting, pictures, the clipboard."""

from __future__ import annotations

import struct
from typing import Any

import anyio
import pytest

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.map import Place, Step, Text, Viewport
from harness.navigation.page import Clip
from tests.browser.live import HANG, Tab, css

BOX = "<div id=b style='position:absolute;left:40px;top:60px;width:100px;height:50px;background:#ccc'>B</div>"
CLICKS = (
    "<script>window.at = []; for (const t of ['click', 'dblclick', 'contextmenu', 'auxclick'])"
    " addEventListener(t, (e) => at.push([t, e.clientX, e.clientY, e.button]))</script>"
)


def click(**more: Any) -> Step:
    return Step("s", more.pop("action", "click"), more.pop("params", {}), **more)


# --- clicks


async def test_a_click_lands_where_it_was_recorded(tab: Tab) -> None:
    for place, point in (
        ({}, [90, 85]),
        ({"offset": (10, 20)}, [50, 80]),
        ({"offset": (10.5, 20.25)}, [50, 80]),
        ({"relative": (0.25, 0.5)}, [65, 85]),
    ):
        await tab.show(BOX + CLICKS)
        await tab.replay(click(place=css("#b", **place)))
        ((kind, x, y, button),) = await tab.js("at")
        assert (kind, [int(x), int(y)], button) == ("click", point, 0), place
    assert tab.events("step.drift") == []


async def test_an_offset_that_misses_the_element_is_told_as_drift(tab: Tab) -> None:
    await tab.show(BOX + CLICKS)
    await tab.replay(click(place=css("#b", offset=(150, 10))))
    assert (await tab.js("at"))[0][1:3] == [190, 70]
    (drift,) = tab.events("step.drift")
    assert drift["field"] == "offset"


async def test_without_an_element_coordinates_are_of_the_viewport(tab: Tab) -> None:
    await tab.show(CLICKS)
    await tab.page.set_viewport(Viewport(800, 600))
    await tab.replay(click(place=Place(relative=(0.5, 0.25))), click(place=Place(point=(7, 9))))
    assert [at[1:3] for at in await tab.js("at")] == [[400, 150], [7, 9]]


async def test_points_are_css_pixels_at_every_device_scale_factor(tab: Tab) -> None:
    await tab.show(BOX + CLICKS)
    await tab.page.set_viewport(Viewport(800, 600, device_scale_factor=2))
    assert await tab.js("devicePixelRatio") == 2
    await tab.replay(click(place=css("#b", offset=(10, 20))))
    assert (await tab.js("at"))[0][1:3] == [50, 80]


async def test_buttons_and_double_clicks_are_seen_as_such(tab: Tab) -> None:
    await tab.show(BOX + CLICKS)
    await tab.replay(
        click(place=css("#b"), params={"button": "secondary"}), click(place=css("#b"), params={"button": "auxiliary"})
    )
    assert [(at[0], at[3]) for at in await tab.js("at")] == [("contextmenu", 2), ("auxclick", 2), ("auxclick", 1)]
    await tab.js("at.length = 0")
    await tab.replay(click(place=css("#b"), action="double_click"))
    assert [at[0] for at in await tab.js("at")] == ["click", "click", "dblclick"]


async def test_a_long_press_holds_and_a_hover_only_moves(tab: Tab) -> None:
    await tab.show(
        BOX + "<script>b.onmousedown = () => { t = Date.now() }; b.onmouseup = () => { held = Date.now() - t }</script>"
    )
    await tab.replay(click(place=css("#b"), action="long_press", params={"hold_s": 0.12}))
    assert await tab.js("held") >= 110
    await tab.show("<style>#b:hover {color: red}</style><button id=b disabled>B</button>")
    before = tab.page.effects
    await tab.replay(click(place=css("#b"), action="hover"))
    assert await tab.js("document.querySelector('#b:hover') !== null")
    assert tab.page.effects == before


# --- what holds a click up


HELD_UP = [
    ("<button id=b disabled>B</button>", "disabled"),
    ("<button disabled><span id=b>B</span></button>", "disabled"),
    ("<fieldset disabled><button id=b>B</button></fieldset>", "disabled"),
    ("<button id=b style='visibility:hidden'>B</button>", "not visible"),
    ("<button id=b hidden>B</button>", "not visible"),
    ("<button id=b style='position:fixed;left:-500px'>B</button>", "out of view"),
]


async def test_what_cannot_be_clicked_is_waited_for_and_named(tab: Tab) -> None:
    for html, why in HELD_UP:
        await tab.show(html + CLICKS)
        with pytest.raises(StepError) as failed:
            await tab.replay(click(place=css("#b"), timeout_s=0.6))
        assert failed.value.cause is Cause.ELEMENT_NOT_ACTIONABLE, html
        assert why in failed.value.why, html
        assert await tab.js("at") == []


async def test_what_can_be_clicked_later_is_clicked_then(tab: Tab) -> None:
    await tab.show(
        "<button id=b disabled onclick='hit=1'>B</button><script>setTimeout(() => { b.disabled = false }, 80)</script>"
    )
    await tab.replay(click(place=css("#b")))
    assert await tab.js("hit") == 1


async def test_a_link_within_a_disabled_fieldset_is_no_disabled_one(tab: Tab) -> None:
    await tab.show("<fieldset disabled><legend><button id=b onclick='hit=1'>B</button></legend></fieldset>")
    await tab.replay(click(place=css("#b")))
    assert await tab.js("hit") == 1


async def test_a_moving_element_is_clicked_when_it_rests(tab: Tab) -> None:
    await tab.show(
        "<style>@keyframes m {from {left: 0} to {left: 300px}} #b {position:absolute; animation: m .25s linear forwards}"
        "</style>"
        "<button id=b onclick='hit = b.getBoundingClientRect().left'>B</button>"
    )
    await tab.replay(click(place=css("#b")))
    assert await tab.js("hit") == 300


@pytest.mark.parametrize("offset", [None, (5, 5), (5, 2900)])
async def test_an_element_out_of_view_is_scrolled_to_at_the_very_point(
    tab: Tab, offset: tuple[float, float] | None
) -> None:
    height = 40 if offset is None else 3000
    await tab.show(
        f"<div style='height:2500px'></div><div id=b style='height:{height}px' onclick='hit = event.offsetY'>B</div>"
        "<div style='height:2500px'></div>"
    )
    await tab.replay(click(place=css("#b", offset=offset)))
    assert await tab.js("hit") == (20 if offset is None else offset[1])


async def test_an_element_within_a_scrolled_box_is_scrolled_to(tab: Tab) -> None:
    await tab.show(
        "<div style='height:100px;overflow:auto'><div style='height:900px'></div>"
        "<button id=b onclick='hit=1'>B</button></div>"
    )
    await tab.replay(click(place=css("#b")))
    assert await tab.js("hit") == 1


# --- keys


async def test_a_held_modifier_reaches_clicks_and_keys_and_is_released_at_the_end(tab: Tab) -> None:
    await tab.show(
        BOX + "<script>window.seen = []; b.onclick = (e) => seen.push(['click', e.shiftKey]);"
        "onkeydown = onkeyup = (e) => seen.push([e.type, e.key, e.shiftKey])</script>"
    )
    await tab.replay(
        Step("a", "key_down", {"key": "Shift"}), click(place=css("#b")), Step("b", "key_down", {"key": "F2"})
    )
    assert await tab.js("seen") == [
        ["keydown", "Shift", True],
        ["click", True],
        ["keydown", "F2", True],
        ["keyup", "F2", True],
        ["keyup", "Shift", False],
    ]


async def test_a_chord_enters_no_text(tab: Tab) -> None:
    await tab.show("<input id=f autofocus>")
    await tab.page.run(css("#f"), "focus")
    await tab.page.key("down", "Control")
    await tab.page.key("down", "x")
    assert await tab.js("f.value") == ""
    await tab.page.release_keys()


async def test_an_unknown_key_is_a_fault_of_the_map(tab: Tab) -> None:
    with pytest.raises(StepError) as failed:
        await tab.replay(Step("a", "key_down", {"key": "Hyper"}))
    assert failed.value.cause is Cause.STEP_INVALID


# --- scrolling and waiting


@pytest.mark.parametrize("doctype", ["<!doctype html>", ""], ids=["standards", "quirks"])
async def test_the_document_scrolls_in_both_modes(tab: Tab, doctype: str) -> None:
    await tab.page.navigate(tab.site.put("/", f"{doctype}<body><div style='height:5000px;width:5000px'></div>"))
    await tab.replay(Step("s", "scroll", {"x": 30, "y": 700}))
    assert await tab.js("[scrollX, scrollY]") == [30, 700]


async def test_an_element_scrolls_within_itself_and_the_wheel_turns(tab: Tab) -> None:
    await tab.show("<div id=b style='height:100px;overflow:auto'><div style='height:900px'></div></div>")
    await tab.replay(Step("s", "scroll", {"y": 250}, css("#b")))
    assert await tab.js("[b.scrollTop, scrollY]") == [250, 0]
    await tab.page.wheel(await tab.page.point(css("#b")), 0, 100)
    await tab.replay(Step("w", "wait_for_expression", {"expression": "b.scrollTop > 250"}))


async def test_elements_are_waited_for_by_number_visibility_and_properties(tab: Tab) -> None:
    for params in (
        {},
        {"operator": "==", "count": 2},
        {"operator": "<=", "count": 2},
        {"properties": {"title": "late"}},
        {"attributes": {"data-n": "2"}},
        {"visible": False, "count": 3},
    ):
        await tab.show(
            "<p class=r>1</p><p class=r hidden>h</p><script>setTimeout(() => { document.body.insertAdjacentHTML("
            "'beforeend', '<p class=r title=late data-n=2>2</p>') }, 50)</script>"
        )
        await tab.replay(Step("s", "wait_for_element", params, css(".r")))


async def test_an_element_that_vanishes_is_waited_for(tab: Tab) -> None:
    await tab.show("<p id=spinner>…</p><script>setTimeout(() => spinner.remove(), 80)</script>")
    await tab.replay(Step("s", "wait_for_element", {"visible": False}, css("#spinner")))
    assert not await tab.page.holds("document.querySelector('#spinner')")


TRUTHS = [
    ("document.body", True),
    ("[]", True),
    ("({})", True),
    ("() => 0", True),
    ("Symbol()", True),
    ("Infinity", True),
    ("5n", True),
    ("'0'", True),
    ("Promise.resolve(1)", True),
    ("document.querySelector('#none')", False),
    ("undefined", False),
    ("null", False),
    ("0", False),
    ("-0", False),
    ("0n", False),
    ("NaN", False),
    ("''", False),
    ("Promise.resolve(0)", False),
]


async def test_truth_is_that_of_javascript(tab: Tab) -> None:
    assert [(expression, await tab.page.holds(expression)) for expression, _ in TRUTHS] == TRUTHS


async def test_an_expression_may_be_a_promise_and_may_throw_at_first(tab: Tab) -> None:
    await tab.show("<script>setTimeout(() => { ready = Promise.resolve(true) }, 60)</script>")
    await tab.replay(Step("s", "wait_for_expression", {"expression": "ready"}))


async def test_an_expression_that_keeps_throwing_tells_its_error(tab: Tab) -> None:
    with pytest.raises(StepError) as failed:
        await tab.replay(Step("s", "wait_for_expression", {"expression": "nowhere.ready"}, timeout_s=0.6))
    assert failed.value.cause is Cause.EXPRESSION_FAILED
    assert "nowhere is not defined" in failed.value.why


async def test_an_expression_in_a_frame_sees_that_frame(tab: Tab) -> None:
    tab.site.put("/inner", "<script>here = 'inner'</script>")
    await tab.show("<script>here = 'main'</script><iframe src=/inner></iframe>")
    step = Step("s", "wait_for_expression", {"expression": "here === 'inner'"}, Place(frame=(0,)))
    await tab.replay(step)


async def test_a_promise_that_never_settles_ends_with_the_steps_deadline(tab: Tab) -> None:
    with pytest.raises(StepError) as failed:
        await tab.replay(Step("s", "wait_for_expression", {"expression": "new Promise(() => {})"}, timeout_s=0.6))
    assert "did not finish within 0.6 s" in failed.value.what


async def test_a_slow_promise_may_take_as_long_as_its_step(tab: Tab) -> None:
    tab.page.session.connection.timeout_s = 0.05  # the usual deadline of a command
    with anyio.fail_after(10):
        assert await tab.js("new Promise((done) => setTimeout(() => done(7), 200))") == 7


# --- pictures


def size_of(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def test_pictures_are_of_the_viewport_or_a_region_of_the_page(tab: Tab) -> None:
    await tab.show("<div style='height:3000px'></div>")
    await tab.page.set_viewport(Viewport(400, 300, device_scale_factor=2))
    assert size_of(await tab.page.screenshot(None)) == (800, 600)
    region = {"x": 0, "y": 2000, "width": 50, "height": 40, "scale": 1}
    await tab.replay(Step("s", "screenshot", {"clip": region, "name": "below"}))
    assert size_of(tab.ctx.saved["below.png"]) == (100, 80)


UNUSABLE = [
    Clip(0, 0, 0, 10),
    Clip(0, 0, 10, -1),
    Clip(0, 0, 10, 10, 0),
    Clip(0, 0, 10, 10, -1),
    Clip(0, 0, 1e6, 10, 8),
    Clip(0, 0, 1e9, 1e9),
    Clip(float("nan"), 0, 10, 10),
    Clip(0, 0, float("inf"), 10),
    Clip(0, 0, "10", 10),  # type: ignore[arg-type]
]


async def test_a_region_that_would_hang_the_browser_is_refused_before_it_is_sent(tab: Tab) -> None:
    sent = len(tab.events("command.completed"))
    for clip in UNUSABLE:
        with pytest.raises(StepError) as refused:
            await tab.page.screenshot(clip)
        assert refused.value.cause is Cause.STEP_INVALID, clip
    assert len(tab.events("command.completed")) == sent


# --- the clipboard


async def test_what_is_clipped_is_pasted_at_the_focus_and_told_nowhere(tab: Tab) -> None:
    await tab.show("<input id=f>")
    await tab.replay(
        Step("a", "clip", text=Text(credential="secret")), click(place=css("#f")), Step("b", "paste", exit=())
    )
    assert await tab.js("f.value") == "hush"
    assert [kind for kind, _ in tab.ctx.fake_holds.history] == ["take", "give back"]
    assert {event["permission"] for event in tab.events("permission.granted")} == {
        "clipboardReadWrite",
        "clipboardSanitizedWrite",
    }
    assert b"hush" not in b"".join(line for _, line in tab.ctx.sink.lines)


async def test_a_page_with_its_own_paste_button_reads_the_clipboard(tab: Tab) -> None:
    await tab.show("<button id=b onclick='navigator.clipboard.readText().then((t) => { got = t })'>Paste</button>")
    await tab.replay(
        Step("a", "clip", text=Text('it\'s a "text"\\ </script>')),
        Step("b", "paste", place=css("#b")),
        Step("c", "wait_for_expression", {"expression": "got"}),
    )
    assert await tab.js("got") == 'it\'s a "text"\\ </script>'


async def test_a_page_that_may_not_use_the_clipboard_is_told(tab: Tab) -> None:
    with pytest.raises(StepError) as failed:
        await tab.replay(Step("a", "clip", text=Text(credential="secret")))
    assert failed.value.cause is Cause.CLIPBOARD_REFUSED
    assert "hush" not in str(failed.value)


# --- the end of a page


@pytest.mark.parametrize("head", ["", "<script>onbeforeunload = (e) => { e.preventDefault(); return 'stay' }</script>"])
async def test_a_page_is_closed_whatever_it_says(tab: Tab, head: str) -> None:
    await tab.show("<button id=b>B</button>", head=head)
    await tab.replay(click(place=css("#b")), Step("z", "close"))
    targets = (await tab.page.session.connection.call("Target.getTargets"))["targetInfos"]
    assert tab.page.target_id not in {target["targetId"] for target in targets}


async def test_an_unanswered_page_is_still_closed_in_time(tab: Tab) -> None:
    tab.site.put("/never", HANG)
    await tab.show("<a id=b href=/never>go</a>")
    with pytest.raises(StepError) as failed:
        await tab.replay(click(place=css("#b")), Step("w", "wait_for_expression", {"expression": "0"}, timeout_s=0.6))
    assert failed.value.context["step_id"] == "w"
