"""Going somewhere: what stands there afterwards, and every way in which it can fail, each by its own cause."""

from __future__ import annotations

import socket
from typing import Any

import anyio
import pytest

from harness.basics.failures import Cause
from harness.navigation.cdp_page import CdpPage
from harness.navigation.errors import StepError
from harness.navigation.map import AssertedNavigation, Gate, Step
from tests.browser.live import HANG, Answer, Tab, css, open_page


def go(url: str, **more: Any) -> Step:
    return Step("go", "navigate", {"url": url}, **more)


def click(selector: str = "#b", **more: Any) -> Step:
    return Step("click", "click", place=css(selector), **more)


async def failure(tab: Tab, *steps: Step) -> StepError:
    with pytest.raises(StepError) as failed:
        await tab.replay(*steps)
    return failed.value


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# --- arriving


async def test_the_page_stands_at_the_url_and_has_loaded(tab: Tab) -> None:
    await tab.show("<p id=p>x</p><script>onload = () => { p.textContent = 'loaded' }</script>", path="/a")
    assert tab.page.url == f"{tab.site.origin}/a"
    assert await tab.js("document.querySelector('#p').textContent") == "loaded"
    assert await tab.page.title() == "Test"


async def test_redirects_are_followed(tab: Tab) -> None:
    tab.site.put("/end", "<title>End</title>")
    await tab.replay(go(tab.site.put("/start", Answer(status=302, headers={"Location": "/end"}))))
    assert tab.page.url == f"{tab.site.origin}/end"


async def test_a_page_that_moves_on_before_it_has_loaded_is_followed(tab: Tab) -> None:
    tab.site.put("/end", "<title>End</title>")
    tab.site.put("/never", HANG)
    await tab.replay(go(tab.site.put("/", "<script>location = '/end'</script><img src=/never>")))
    await tab.replay(Step("w", "wait_for_expression", {"expression": "document.title === 'End'"}))


async def test_a_move_within_the_document_is_a_navigation_with_its_fragment(tab: Tab) -> None:
    await tab.show("<a id=b href='#part'>part</a>")
    url = f"{tab.site.origin}/#part"
    await tab.replay(click(asserted=AssertedNavigation(url, "Test")))
    assert tab.page.url == url
    assert tab.events("step.drift") == []
    await tab.replay(go(f"{tab.site.origin}/#other"))
    assert tab.page.url == f"{tab.site.origin}/#other"


async def test_a_fragment_of_another_document_belongs_to_the_url(tab: Tab) -> None:
    tab.site.put("/two", "<title>Two</title>")
    await tab.show("<a id=b href='/two#part'>two</a>")
    await tab.replay(
        click(asserted=AssertedNavigation(f"{tab.site.origin}/two#part", "Two"), exit=(Gate("url", tab.site.origin),))
    )
    assert tab.events("step.drift") == []


async def test_history_moves_are_navigations(tab: Tab) -> None:
    await tab.show('<button id=b onclick=\'history.pushState(1, "", "/pushed")\'>B</button>')
    await tab.replay(click(asserted=AssertedNavigation(f"{tab.site.origin}/pushed")))
    assert tab.page.url == f"{tab.site.origin}/pushed"


# --- asserted navigations


async def test_an_asserted_navigation_is_waited_for(tab: Tab) -> None:
    tab.site.put("/two", "<title>Two</title><script>onload = () => { done = 1 }</script>")
    await tab.show("<button id=b onclick='setTimeout(() => { location = \"/two\" }, 80)'>B</button>")
    await tab.replay(click(asserted=AssertedNavigation(f"{tab.site.origin}/two", "Two")))
    assert await tab.js("done") == 1


async def test_an_asserted_navigation_that_does_not_come_is_missing(tab: Tab) -> None:
    await tab.show("<button id=b>B</button>")
    error = await failure(tab, click(asserted=AssertedNavigation(), timeout_s=0.6))
    assert error.cause is Cause.NAVIGATION_MISSING


async def test_another_url_and_title_are_told_as_drift_and_pass(tab: Tab) -> None:
    tab.site.put("/two", "<title>Two</title>")
    await tab.show("<a id=b href=/two>two</a>")
    await tab.replay(click(asserted=AssertedNavigation(f"{tab.site.origin}/cart", "Cart")))
    assert [(drift["field"], drift["found"]) for drift in tab.events("step.drift")] == [
        ("url", f"{tab.site.origin}/two"),
        ("title", "Two"),
    ]


# --- failing


@pytest.mark.parametrize("how", ["navigate", "click"])
async def test_an_http_error_fails_the_navigation(tab: Tab, how: str) -> None:
    for status in (404, 500, 503):
        url = tab.site.put("/bad", Answer("sorry", status))
        await tab.show("<a id=b href=/bad>bad</a>")
        error = await failure(tab, go(url) if how == "navigate" else click(asserted=AssertedNavigation()))
        assert error.cause is Cause.HTTP_ERROR
        assert str(status) in error.what
        assert error.context["url"] == url


@pytest.mark.parametrize("how", ["navigate", "click"])
async def test_a_refused_connection_fails_the_navigation(tab: Tab, how: str) -> None:
    url = f"http://127.0.0.1:{closed_port()}/"
    await tab.show(f"<a id=b href='{url}'>gone</a>")
    error = await failure(tab, go(url) if how == "navigate" else click(asserted=AssertedNavigation()))
    assert error.cause is Cause.NET_ERROR
    assert "ERR_CONNECTION_REFUSED" in error.why


async def test_a_name_that_does_not_resolve_fails_the_navigation(tab: Tab) -> None:
    error = await failure(tab, go("http://no-such-host.invalid/"))
    assert error.cause is Cause.NET_ERROR
    assert "ERR_NAME_NOT_RESOLVED" in error.why


async def test_a_204_is_told_as_such_and_leaves_the_page_where_it_was(tab: Tab) -> None:
    await tab.show("<a id=b href=/none>none</a>")
    error = await failure(tab, go(tab.site.put("/none", Answer(status=204))))
    assert error.cause is Cause.NET_ERROR
    assert "204" in error.why
    assert tab.page.url == f"{tab.site.origin}/"
    assert (await failure(tab, click(asserted=AssertedNavigation(), timeout_s=0.6))).cause is Cause.NAVIGATION_MISSING


async def test_a_cut_body_fails_the_navigation(tab: Tab) -> None:
    error = await failure(tab, go(tab.site.put("/cut", Answer("<p>half", headers={"Content-Length": "9999"}))))
    assert error.cause is Cause.NET_ERROR


async def test_headers_that_never_come_end_with_the_steps_deadline(tab: Tab) -> None:
    url = tab.site.put("/never", HANG)
    with anyio.fail_after(5):
        error = await failure(tab, go(url, timeout_s=0.6))
    assert error.cause is Cause.STEP_TIMEOUT
    await tab.show("<title>Next</title>", path="/next")
    assert tab.page.url.endswith("/next")


async def test_a_resource_that_never_comes_is_a_missing_load_event(tab: Tab) -> None:
    tab.site.put("/never.png", HANG)
    error = await failure(tab, go(tab.site.put("/", "<img src=/never.png>"), timeout_s=1))
    assert error.cause is Cause.STEP_TIMEOUT
    assert "load event" in error.why


async def test_a_page_may_answer_as_late_as_its_step_allows(tab: Tab) -> None:
    tab.page.session.connection.timeout_s = 0.05  # the usual deadline of a command
    tab.site.put("/slow.js", HANG)
    url = tab.site.put("/", "<script>const t = Date.now(); while (Date.now() - t < 250);</script>")
    await tab.replay(go(url))


async def test_a_page_with_500_ends_the_wait_for_its_elements(tab: Tab) -> None:
    tab.site.put("/bad", Answer("sorry", 500))
    await tab.show("<a id=b href=/bad>bad</a>")
    with anyio.fail_after(5):
        error = await failure(tab, click(), click("#next", timeout_s=60))
    assert error.cause is Cause.HTTP_ERROR


async def test_an_error_page_is_forgotten_when_another_document_comes(tab: Tab) -> None:
    await failure(tab, go(tab.site.put("/bad", Answer("sorry", 404))))
    await tab.show("<button id=b onclick='location = \"about:blank\"'>B</button>")
    await tab.replay(click(asserted=AssertedNavigation("about:blank")))


async def test_a_forbidden_url_is_refused_before_the_browser_hears_of_it(tab: Tab) -> None:
    sent = len(tab.events("command.completed"))
    for url in ("file:///etc/passwd", "chrome://version", "http://169.254.169.254/latest", "http://2852039166/"):
        error = await failure(tab, go(url, retries=5))
        assert error.cause is Cause.URL_REFUSED, url
    assert len(tab.events("command.completed")) == sent
    assert tab.page.effects == 0


async def test_only_listed_origins_are_gone_to(tab: Tab) -> None:
    page: CdpPage = await open_page(tab.page.session.connection, allowed_origins=frozenset({tab.site.origin}))
    await page.navigate(tab.site.put("/", "<p>x"))
    with pytest.raises(StepError) as refused:
        await page.navigate(tab.site.other_origin)
    assert refused.value.cause is Cause.URL_REFUSED


# --- set-up


async def test_throttling_makes_requests_slow(tab: Tab) -> None:
    params = {"download_bytes_per_s": -1, "upload_bytes_per_s": -1, "latency_s": 0.15}
    await tab.replay(Step("n", "emulate_network_conditions", params))
    await tab.show("<p>x")
    assert await tab.js("performance.getEntriesByType('navigation')[0].responseEnd") >= 140


async def test_a_set_up_that_the_browser_refuses_is_not_remembered(tab: Tab) -> None:
    before = list(tab.page.journal)
    params = {"width": -1, "height": 10**9, "device_scale_factor": 1}
    with pytest.raises(Exception, match="refused"):
        await tab.replay(Step("v", "set_viewport", params))
    assert list(tab.page.journal) == before
