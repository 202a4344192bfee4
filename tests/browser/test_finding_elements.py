"""Elements are found by all five kinds of selectors, through shadow roots and frames, in the recorded order."""

from __future__ import annotations

import anyio
import pytest

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.map import Place, Step
from tests.browser.live import Tab, css

SHADOW = """
<button class=go onclick="hit('decoy')">Go</button>
<my-card id=card></my-card>
<button class=go onclick="hit('decoy')">Go</button>
<script>
  window.hits = [];
  window.hit = (name) => hits.push(name);
  const outer = document.querySelector('#card').attachShadow({mode: 'open'});
  outer.innerHTML = '<div><my-row id=row></my-row></div>';
  outer.querySelector('#row').attachShadow({mode: 'open'}).innerHTML =
    `<p>Pay here</p><button class=go aria-label="Pay now" onclick="hit('right')">Go</button>`;
</script>
"""


async def click(tab: Tab, place: Place, **more: object) -> None:
    await tab.replay(Step("s", "click", place=place, **more))  # type: ignore[arg-type]


KINDS = [
    ("#b",),
    ("css/#b",),
    ("aria/Buy now",),
    ('aria/Buy now[role="button"]',),
    ('aria/[name="Buy now"]',),
    ("xpath///button[2]",),
    ("xpath//html/body/button[2]",),
    ("text/Buy",),
    ("pierce/#b",),
]
CHAINS = [
    ("#card", "#row", ".go"),
    ("pierce/#row", ".go"),
    ("#card", "#row", "aria/Pay now"),
    ("#card", "#row", "text/Go"),
    ("#card", "#row", "xpath///button"),
    ("#card", "pierce/.go"),
    ("pierce/[aria-label='Pay now']",),
    ("aria/Pay now",),
]


async def test_each_kind_of_selector_finds_the_element(tab: Tab) -> None:
    await tab.show("<button onclick='hit=1'>Leave</button><button id=b onclick='hit=2'>Buy now</button>")
    for chain in KINDS:
        await tab.js("window.hit = 0")
        await click(tab, css(*chain))
        assert await tab.js("window.hit") == 2, chain


async def test_a_chain_goes_through_shadow_roots_and_never_to_the_decoy(tab: Tab) -> None:
    await tab.show(SHADOW)
    for chain in CHAINS:
        await tab.js("hits.length = 0")
        await click(tab, css(*chain))
        assert await tab.js("hits") == ["right"], chain


async def test_a_chain_whose_host_is_missing_finds_nothing_although_its_last_part_would(tab: Tab) -> None:
    await tab.show(SHADOW)
    with pytest.raises(StepError) as failed:
        await click(tab, css("#no-such-host", ".go"), timeout_s=0.6)
    assert failed.value.cause is Cause.ELEMENT_NOT_FOUND
    assert "#no-such-host >> .go" in failed.value.why
    assert await tab.js("hits") == []


async def test_the_first_alternative_wins_where_it_finds_something(tab: Tab) -> None:
    await tab.show("<button id=a onclick='hit=1'>A</button><button id=b onclick='hit=2'>B</button>")
    await click(tab, Place(selectors=(("#a",), ("#b",))))
    assert await tab.js("window.hit") == 1
    assert tab.events("step.fallback") == []


async def test_a_later_alternative_is_taken_after_a_while_and_told(tab: Tab) -> None:
    await tab.show("<button id=c onclick='hit=3'>C</button>")
    await click(tab, Place(selectors=(("#a",), ("#b",), ("#c",))))
    assert await tab.js("window.hit") == 3
    (told,) = tab.events("step.fallback")
    assert (told["alternative"], told["selector"], told["step_id"]) == (2, "#c", "s")


async def test_the_first_alternative_may_come_a_little_late(tab: Tab) -> None:
    await tab.show(
        "<button id=b onclick='hit=2'>B</button>"
        "<script>setTimeout(() => { document.body.insertAdjacentHTML('beforeend',"
        " '<button id=a onclick=\"hit=1\">A</button>') }, 60)</script>"
    )
    await click(tab, Place(selectors=(("#a",), ("#b",))))
    assert await tab.js("window.hit") == 1


async def test_a_hidden_hit_of_the_first_alternative_does_not_bar_the_second(tab: Tab) -> None:
    await tab.show("<button id=a style='display:none'>A</button><button id=b onclick='hit=2'>B</button>")
    await click(tab, Place(selectors=(("#a",), ("#b",))))
    assert await tab.js("window.hit") == 2


async def test_a_selector_that_is_none_is_passed_over_and_told_at_the_deadline(tab: Tab) -> None:
    await tab.show("<button id=b onclick='hit=2'>B</button>")
    await click(tab, Place(selectors=(("a:[",), ("#b",))))
    assert await tab.js("window.hit") == 2
    with pytest.raises(StepError) as failed:
        await click(tab, css("a:["), timeout_s=0.6)
    assert failed.value.cause is Cause.ELEMENT_NOT_FOUND
    assert "not a valid selector" in failed.value.why


async def test_the_visible_one_of_several_is_taken(tab: Tab) -> None:
    await tab.show("<button class=x hidden>A</button><button class=x onclick='hit=2'>B</button>")
    await click(tab, css(".x"))
    assert await tab.js("window.hit") == 2


async def test_an_element_that_comes_late_is_waited_for(tab: Tab) -> None:
    await tab.show(
        "<script>setTimeout(() => { document.body.innerHTML = '<button onclick=hit=1>A</button>' }, 80)</script>"
    )
    await click(tab, css("aria/A"))
    assert await tab.js("window.hit") == 1


async def test_a_page_cannot_bend_what_the_page_script_sees(tab: Tab) -> None:
    await tab.show(
        "<button id=a onclick='hit=1'>A</button><script>"
        "document.querySelectorAll = document.querySelector = () => { throw 1 };"
        "Document.prototype.querySelectorAll = () => []; window.harness = {run: () => null}</script>"
    )
    await click(tab, css("#a"))
    assert await tab.js("window.hit") == 1


# --- frames


async def frames(tab: Tab, *, late: bool = False) -> None:
    tab.site.put("/inner", "<body style='margin:0'><button onclick='top.hits.push(\"inner\")'>Go</button>")
    tab.site.put("/middle", "<body style='margin:0'><p>m</p><iframe src=/inner></iframe>")
    tab.site.put("/other", "<body style='margin:0'><button onclick='top.hits.push(\"other\")'>Go</button>")
    place = "<iframe src=/other></iframe><br><iframe src=/middle style='border:7px solid; height:400px'></iframe>"
    script = f"window.hits = []; const add = () => document.body.insertAdjacentHTML('beforeend', `{place}`);"
    await tab.show(f"<button onclick='hits.push(\"main\")'>Go</button><script>{script}</script>")
    await tab.js("setTimeout(add, 80); 1" if late else "add()")


@pytest.mark.parametrize(("frame", "hit"), [((), "main"), ((0,), "other"), ((1, 0), "inner")])
async def test_a_frame_is_reached_by_its_index_and_clicked_at_its_place(
    tab: Tab, frame: tuple[int, ...], hit: str
) -> None:
    await frames(tab)
    await click(tab, css("text/Go", frame=frame))
    assert await tab.js("hits") == [hit]


async def test_a_name_in_a_frame_is_not_taken_for_one_of_the_page(tab: Tab) -> None:
    tab.site.put("/inner", "<button onclick='top.hit=1'>Go</button>")
    await tab.show("<iframe src=/inner></iframe><button onclick='hit=2'>Go</button>")
    await click(tab, css("aria/Go"))
    assert await tab.js("window.hit") == 2


async def test_a_frame_that_comes_late_is_waited_for(tab: Tab) -> None:
    await frames(tab, late=True)
    await click(tab, css("aria/Go", frame=(1, 0)))
    assert await tab.js("hits") == ["inner"]


async def test_a_frame_that_never_comes_is_named(tab: Tab) -> None:
    await tab.show("<p>none")
    with pytest.raises(StepError) as failed:
        await click(tab, css("#a", frame=(3, 1)), timeout_s=0.6)
    assert failed.value.cause is Cause.ELEMENT_NOT_FOUND
    assert "no frame 3/1" in failed.value.why


async def test_an_element_of_a_frame_below_the_fold_is_scrolled_to(tab: Tab) -> None:
    tab.site.put("/inner", "<button onclick='top.hit=1'>Go</button>")
    await tab.show("<div style='height:3000px'></div><iframe src=/inner></iframe>")
    await click(tab, css("text/Go", frame=(0,)))
    assert await tab.js("window.hit") == 1


async def test_a_frame_of_another_origin_is_clicked_at_its_place(tab: Tab) -> None:
    tab.site.put("/inner", "<body style='margin:0'><button onclick='parent.postMessage(1, \"*\")'>Go</button>")
    port = tab.site.origin.rpartition(":")[2]
    await tab.show(
        f"<div style='height:200px'>x</div><iframe sandbox='allow-scripts' src='http://127.0.0.1:{port}/inner'></iframe>"
        "<script>onmessage = () => { window.hit = 1 }</script>"
    )
    await click(tab, css("text/Go", frame=(0,)))
    await tab.replay(Step("w", "wait_for_expression", {"expression": "window.hit === 1"}))


async def test_many_looks_leave_no_objects_behind_in_the_page(tab: Tab) -> None:
    await tab.show("<button>Buy</button>")
    for _ in range(3):
        await tab.page.point(css("aria/Buy"))
        await tab.page.holds("document.body")
    with anyio.fail_after(5):
        await tab.page.navigate(tab.site.put("/next", "<p>next"))
