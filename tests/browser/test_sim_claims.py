"""What the simulated browser claims about signals, checked against the real one: the same script on both, and the same told.

Times, ids and texts of pages are no part of the comparison; which events come in which order, which commands are answered
with what, which never, and how a connection ends, are.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from harness.testing.sim_browser import Fault
from tests.browser.live import DataSite
from tests.browser.managed import family
from tests.browser.recording import Side, real_side, simulated_side

Script = Callable[[Side], Awaitable[object]]
Both = Callable[[Script], Awaitable[object]]
FOR_EVER = "new Promise(() => {})"
AT_ONCE_S = 0.3  # how long a reply that must not come is waited for


@pytest.fixture
def both(browser_path: Path, data_site: DataSite) -> Both:
    """Runs a script on both browsers and returns what it said, which must be the same."""

    async def run(script: Script) -> object:
        async with simulated_side() as side:
            simulated = await script(side)
        async with real_side(browser_path, data_site) as side:
            real = await script(side)
        assert simulated == real
        return real

    return run


# --- pages and navigations


@pytest.mark.parametrize(
    ("path", "telling"),
    [
        ("/a", "Page.lifecycleEvent load"),
        ("/redirect", "Page.lifecycleEvent load"),
        ("/500", "Network.responseReceived 500"),
        ("/204", "Page.navigate -> ok net::ERR_ABORTED"),
        ("/download", "Page.navigate -> ok net::ERR_ABORTED download"),
        ("/cut", "Network.loadingFailed net::ERR_CONTENT_LENGTH_MISMATCH"),
        ("", "Page.navigate -> ok net::ERR_CONNECTION_REFUSED"),
    ],
)
async def test_a_navigation_is_told_in_the_same_order(
    both: Both, path: str, telling: str, unused_tcp_port: int
) -> None:
    async def script(side: Side) -> list[str]:
        async with side.client() as client:
            _, session = await client.page("Page", "Network", "Runtime", "Inspector")
            await client.call("Page.setLifecycleEventsEnabled", session, enabled=True)
            await client.call("Page.navigate", session, url=side.origin + "/b")
            await client.until("Page.frameStoppedLoading")
            await client.quiet()
            client.told.clear()
            refused = f"http://127.0.0.1:{unused_tcp_port}/" if side.process else "http://127.0.0.1:4/"
            await client.call("Page.navigate", session, url=side.origin + path if path else refused)
            await client.until("Page.frameStoppedLoading")
            return client.told

    assert telling in await both(script)


async def test_a_move_within_the_document_brings_no_new_one(both: Both) -> None:
    async def script(side: Side) -> list[str]:
        async with side.client() as client:
            _, session = await client.page("Page")
            await client.call("Page.navigate", session, url=side.origin + "/a")
            await client.until("Page.frameStoppedLoading")
            client.told.clear()
            await client.call("Page.navigate", session, url=side.origin + "/a#x")
            await client.until("Page.frameStoppedLoading")
            return [*client.told, str(await client.evaluate(session, "document.title"))]

    told = await both(script)
    assert "Page.navigatedWithinDocument fragment" in told
    assert "Page.frameNavigated" not in told


async def test_without_headers_the_session_hangs_until_loading_is_stopped(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            _, session = await client.page("Page", "Network")
            await client.send("Page.navigate", session, url=side.origin + "/hang")
            await client.until("Network.requestWillBeSent")
            hangs = await client.send("Runtime.evaluate", session, expression="1")
            await asyncio.wait([hangs], timeout=AT_ONCE_S)
            await client.quiet()
            waiting = client.unanswered()
            await client.call("Page.stopLoading", session)
            await hangs
            return [waiting, sorted(client.told)]

    waiting, told = await both(script)
    assert waiting == ["Page.navigate", "Runtime.evaluate"]
    assert "Page.navigate -> ok net::ERR_ABORTED" in told


async def test_a_foreign_clients_navigation_is_told_like_ones_own_and_asks_nobody(both: Both) -> None:
    async def script(side: Side) -> list[str]:
        async with side.client() as client, side.client() as foreign:
            target, session = await client.page("Page")
            theirs = (await foreign.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            await foreign.call("Page.navigate", theirs, url=side.origin + "/a")
            await client.until("Page.frameStoppedLoading")
            return [*client.told, str(await client.evaluate(session, "document.title"))]

    told = await both(script)
    assert "Page.frameNavigated" in told
    assert "Page.frameRequestedNavigation" not in told
    assert told[-1] == "A"


async def test_a_popup_names_its_opener(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            target, session = await client.page()
            await client.call("Target.setDiscoverTargets", discover=True)
            client.events.clear()
            await client.send("Runtime.evaluate", session, expression='window.open("about:blank")&&1', userGesture=True)
            await client.until("Runtime.evaluate ->")
            created = [event for event in client.events if event["method"] == "Target.targetCreated"]
            return [event["params"]["targetInfo"]["openerId"] == target for event in created]

    assert await both(script) == [True]


# --- crashes, loops and dialogs


@pytest.mark.parametrize("how", ["crashed", "killed"])
async def test_a_crash_is_told_twice_and_what_waits_is_refused_only_when_the_page_is_navigated(
    both: Both, how: str
) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            target, session = await client.page("Inspector")
            await client.call("Target.setDiscoverTargets", discover=True)
            await client.quiet()
            client.told.clear()
            await client.send("Runtime.evaluate", session, name="before", expression=FOR_EVER, awaitPromise=True)
            await client.quiet()
            if how == "crashed":
                await client.send("Page.crash", session)
            elif side.process is None:
                side.strike("renderer_kill", target=target)
            else:
                for process in family(side.process.pid):
                    if "--type=renderer" in " ".join(process.cmdline()):
                        os.kill(process.pid, signal.SIGKILL)
            await client.until("Inspector.targetCrashed")
            await client.until("Target.targetCrashed")
            after = await client.send("Runtime.evaluate", session, name="after", expression="1")
            await asyncio.wait([after], timeout=AT_ONCE_S)
            crashes = [event["params"] for event in client.events if event["method"] == "Target.targetCrashed"]
            mine = [(crash["status"], crash["errorCode"]) for crash in crashes if crash["targetId"] == target]
            waiting = client.unanswered()
            await client.call("Page.navigate", session, url="about:blank")
            await client.until("Inspector.targetReloadedAfterCrash")
            revived = await client.evaluate(session, "6 * 7")
            told = [line for line in client.told if not line.startswith("Target.targetCrashed")]
            return [mine, waiting, revived, told]

    crash, waiting, revived, told = await both(script)
    assert crash == [("crashed", 5) if how == "crashed" else ("killed", 9)]
    assert waiting[0] == "before"
    assert waiting[-1] == "after"
    assert "before -> -32000 Target crashed" in told
    assert revived == 42


async def test_a_session_that_comes_after_the_crash_hears_of_it_when_it_asks(both: Both) -> None:
    async def script(side: Side) -> list[str]:
        async with side.client() as client:
            target, session = await client.page("Inspector")
            await client.send("Page.crash", session)
            await client.until("Inspector.targetCrashed")
            client.told.clear()
            later = (await client.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            told = [await client.call("Inspector.enable", later), list(client.told)]
            await client.call("Page.navigate", later, url="about:blank")
            await client.until("Inspector.targetReloadedAfterCrash")
            return told

    assert "Inspector.targetCrashed" in (await both(script))[1]


async def test_a_session_that_enabled_nothing_hears_of_a_crash_too(both: Both) -> None:
    async def script(side: Side) -> list[str]:
        async with side.client() as client:
            _, session = await client.page()
            await client.call("Target.setDiscoverTargets", discover=True)
            await client.send("Page.crash", session)
            await client.until("Target.targetCrashed")
            await client.quiet()
            return [line for line in client.told if "rash" in line]

    assert await both(script) == ["Inspector.targetCrashed", "Target.targetCrashed 5"]


async def test_an_endless_loop_holds_its_page_until_it_is_terminated_and_the_browser_answers(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            _, session = await client.page()
            loop = await client.send("Runtime.evaluate", session, name="loop", expression="for(;;){}")
            await asyncio.wait([loop], timeout=AT_ONCE_S)
            await client.quiet()
            waiting = client.unanswered()
            await client.call("Runtime.terminateExecution", session)
            await loop
            return [waiting, client.told, await client.evaluate(session, "1")]

    waiting, told, value = await both(script)
    assert waiting == ["loop"]
    assert "loop -> -32000 Execution was terminated" in told
    assert value == 1


@pytest.mark.parametrize("answer", [True, False])
async def test_a_dialog_holds_its_page_until_it_is_answered(both: Both, answer: bool) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            _, session = await client.page("Page")
            await client.quiet()
            client.told.clear()
            asking = await client.send("Runtime.evaluate", session, name="asks", expression='confirm("really?")')
            await client.until("Page.javascriptDialogOpening")
            hangs = await client.send("Runtime.evaluate", session, name="hangs", expression="1")
            await asyncio.wait([hangs], timeout=AT_ONCE_S)
            waiting = client.unanswered()
            await client.call("Page.handleJavaScriptDialog", session, accept=answer)
            said = (await asking)["result"]["result"]["value"]
            await hangs
            await client.call("Page.handleJavaScriptDialog", session, accept=answer)
            return [waiting, said, client.told]

    waiting, said, told = await both(script)
    assert waiting == ["asks", "hangs"]
    assert said is answer
    assert told[-1] == "Page.handleJavaScriptDialog -> -32602 No dialog is showing"


async def test_a_dialog_whose_session_is_lost_is_dismissed_and_its_page_goes_on(
    both: Both,
) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            target, session = await client.page("Page")
            await client.send("Runtime.evaluate", session, name="asks", expression='alert("x")')
            await client.until("Page.javascriptDialogOpening")
            client.cut()
            await client.closed
        async with side.client() as client:
            session = (await client.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            await client.call("Page.enable", session)
            return [await client.evaluate(session, "1"), client.told]

    value, told = await both(script)
    assert value == 1
    assert "Page.javascriptDialogOpening alert" not in told


@pytest.mark.parametrize("asked", ['alert("x")', 'confirm("x")', 'prompt("x")'])
async def test_a_dialog_that_no_session_hears_is_dismissed(both: Both, asked: str) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            _, session = await client.page()
            return [await client.evaluate(session, asked), client.told]

    value, told = await both(script)
    assert value in {None, False}
    assert told == ["Runtime.evaluate -> ok"]


# --- sessions and targets


@pytest.mark.parametrize("how", ["Target.closeTarget", "Page.close", "window.close()"])
async def test_a_page_that_is_closed_takes_its_session_and_answers_nothing_that_waits(both: Both, how: str) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            target, session = await client.page()
            await client.call("Target.setDiscoverTargets", discover=True)
            await client.quiet()
            client.told.clear()
            await client.send("Runtime.evaluate", session, name="waits", expression=FOR_EVER, awaitPromise=True)
            if how == "Target.closeTarget":
                await client.call(how, targetId=target)
            elif how == "Page.close":
                await client.call(how, session)
            else:
                await client.call("Runtime.evaluate", session, expression=how)
            await client.until("Target.targetDestroyed")
            await client.call("Runtime.getHeapUsage", session)
            return [client.unanswered(), client.told]

    waiting, told = await both(script)
    assert waiting == ["waits"]
    assert told[-1].startswith("Runtime.getHeapUsage -> -32001")


async def test_a_detached_session_is_stale_and_unknown_ones_are_refused(both: Both) -> None:
    async def script(side: Side) -> list[str]:
        async with side.client() as client:
            _, session = await client.page()
            await client.call("Target.detachFromTarget", sessionId=session)
            await client.call("Runtime.evaluate", session, expression="1")
            await client.call("Target.detachFromTarget", sessionId=session)
            await client.call("Target.attachToTarget", targetId="nobody", flatten=True)
            await client.call("Target.closeTarget", targetId="nobody")
            await client.call("Target.disposeBrowserContext", browserContextId="nobody")
            await client.call("Target.createTarget", url="about:blank", browserContextId="nobody")
            return client.told

    assert "Runtime.evaluate -> -32001 Session with given id not found." in await both(script)


async def test_after_a_lost_connection_pages_live_sessions_and_own_contexts_do_not(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            target, session = await client.page()
            await client.evaluate(session, "window.kept = 42")
            own = (await client.call("Target.createBrowserContext", disposeOnDetach=True))["browserContextId"]
            doomed, _ = await client.page(browserContextId=own)
            client.cut()
            code = await client.closed
        async with side.client() as client:
            while doomed in [info["targetId"] for info in (await client.call("Target.getTargets"))["targetInfos"]]:
                await asyncio.sleep(0)
            client.told.clear()
            await client.call("Runtime.evaluate", session, expression="1")
            again = (await client.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            return [code, client.told, await client.evaluate(again, "window.kept")]

    code, told, kept = await both(script)
    assert (code, kept) == (1006, 42)
    assert told[0] == "Runtime.evaluate -> -32001 Session with given id not found."


async def test_a_command_whose_connection_is_cut_still_takes_effect(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            target, session = await client.page()
            if side.process is None:
                side._browser.faults.append(Fault(kind="socket_drop", at="Runtime.evaluate"))
            await client.send("Runtime.evaluate", session, expression="window.kept = 42")
            if side.process is not None:
                while client._socket.transport.get_write_buffer_size():
                    await asyncio.sleep(0)
                client.cut()
            code = await client.closed
        async with side.client() as client:
            again = (await client.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            async with asyncio.timeout(60):
                while await client.evaluate(again, "window.kept") != 42:
                    await asyncio.sleep(0)
            return [code]

    assert await both(script) == [1006]


# --- the wire and the process


async def test_malformed_traffic_is_refused_without_an_id_and_the_connection_goes_on(both: Both) -> None:
    async def script(side: Side) -> list[str]:
        async with side.client() as client:
            for data in ("{", "[]", '{"method": "Browser.getVersion"}', '{"id": "a", "method": "Browser.getVersion"}'):
                await client.raw(data)
            await client.call("No.such")
            _, session = await client.page()
            await client.call("No.such", session)
            await client.call("Page.navigate", session)
            await client.call("Runtime.evaluate", expression="1")
            return client.told

    told = await both(script)
    assert "Page.navigate -> -32602 Invalid parameters" in told


async def test_the_four_kinds_of_malformed_traffic_are_told_apart(both: Both) -> None:
    async def script(side: Side) -> list[str]:
        async with side.client() as client:
            for data in ("{", "[]", '{"method": "Browser.getVersion"}', '{"id": "a", "method": "Browser.getVersion"}'):
                await client.raw(data)
            await client.quiet()
            return client.told

    codes = [-32700, -32600, -32600, -32600]
    assert await both(script) == [f"error without id {code}" for code in codes]


async def test_an_address_with_another_browsers_id_is_refused_and_the_version_names_the_right_one(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        told = await asyncio.to_thread(_version, side.endpoint)
        with pytest.raises(InvalidStatus) as refused:
            await connect(side.endpoint[:-1] + ("0" if side.endpoint[-1] != "0" else "1"))
        return [
            told["webSocketDebuggerUrl"] == side.endpoint,
            told["Protocol-Version"],
            refused.value.response.status_code,
        ]

    assert (await both(script))[0] is True


def _version(endpoint: str) -> dict[str, str]:
    base = endpoint.replace("ws:", "http:").partition("/devtools")[0]
    with urlopen(base + "/json/version", timeout=60) as answer:
        return dict(json.load(answer))


async def test_a_binary_frame_ends_the_connection_without_a_word(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            await client.raw(b"abc")
            return [await client.closed]

    assert await both(script) == [1006]


async def test_a_reply_above_the_clients_limit_ends_the_connection_with_1009(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client(max_size=2**20) as client:
            _, session = await client.page()
            await client.send("Runtime.evaluate", session, expression='"x".repeat(2000000)', returnByValue=True)
            await client.closed
            sent = client._socket.protocol.close_sent
            return [sent and sent.code, client.unanswered()]

    assert await both(script) == [1009, ["Runtime.evaluate"]]


async def test_a_browser_that_is_closed_answers_first_and_then_ends_without_a_close_frame(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            await client.call("Browser.close")
            return [await client.closed, client.told]

    assert await both(script) == [1006, ["Browser.close -> ok"]]


async def test_a_killed_browser_ends_every_connection_without_a_close_frame(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client, side.client() as other:
            if side.process is None:
                side.strike("browser_death")
            else:
                side.process.kill()
            return [await client.closed, await other.closed]

    assert await both(script) == [1006, 1006]


async def test_a_stopped_browser_takes_commands_and_answers_them_when_it_goes_on(both: Both) -> None:
    async def script(side: Side) -> list[object]:
        async with side.client() as client:
            await client.quiet()
            if side.process is None:
                side.strike("freeze")
            else:
                os.killpg(side.process.pid, signal.SIGSTOP)
                while not all(_stands_still(process.pid) for process in family(side.process.pid)):
                    await asyncio.sleep(0)
            asked = await client.send("Browser.getVersion", name="asked")
            pong = await client._socket.ping()
            await asyncio.wait([asked, pong], timeout=AT_ONCE_S)
            before = [asked.done(), pong.done(), client.closed.done()]
            if side.process is None:
                side._browser.thaw()
            else:
                os.killpg(side.process.pid, signal.SIGCONT)
            await asked
            await pong
            return [before, client.told]

    assert await both(script) == [[False, False, False], ["asked -> ok"]]


def _stands_still(pid: int) -> bool:
    """Whether every thread has come to its stop: a signal to a process takes a moment to reach them all."""
    states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) <= {"T", "Z"}
