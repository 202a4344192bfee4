from __future__ import annotations

import asyncio

import anyio

from harness.cdp.renderer_watch import RendererPolicy, RendererWatch

POLICY = RendererPolicy(every_s=0.001, deadline_s=0.02, misses=2)
ANSWER = {"result": {"type": "number", "value": 1}}


def watching(rig, hung: list[str]) -> RendererWatch:
    return RendererWatch(rig.connection, POLICY, lambda session: hung.append(session.target_id))


def asked(rig) -> list[str]:
    return [command["sessionId"] for command in rig.browser.sent if command["method"] == "Runtime.evaluate"]


def closed(rig) -> list[str]:
    return [command["params"]["targetId"] for command in rig.browser.sent if command["method"] == "Target.closeTarget"]


async def test_a_page_that_answers_is_asked_again_and_again_and_left_alone(rig) -> None:
    await rig.session(1)
    rig.browser.answers["Runtime.evaluate"] = ANSWER
    hung: list[str] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watching(rig, hung).run)
        while len(asked(rig)) < 5:
            await asyncio.sleep(0)
        tasks.cancel_scope.cancel()
    assert (hung, closed(rig)) == ([], [])


async def test_a_page_that_misses_twice_is_taken_from_its_owner_and_closed_and_the_others_are_not(rig) -> None:
    await rig.session(1)
    await rig.session(2)
    rig.browser.answers["Target.closeTarget"] = {"success": True}
    hung: list[str] = []
    watch = watching(rig, hung)
    for expected in ([], ["T1"]):
        before = len(rig.browser.sent)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.ask_all)
            command = await rig.browser.command("Runtime.evaluate", after=before)
            while (command := rig.browser.sent[before:])[-1]["sessionId"] != "S2":
                await asyncio.sleep(0)
            rig.browser.reply(command[-1], ANSWER)
        assert hung == expected
    assert closed(rig) == ["T1"]


async def test_a_page_that_is_busy_for_us_or_shows_a_dialog_is_asked_nothing(rig) -> None:
    busy, talking = await rig.session(1), await rig.session(2)
    waiting = asyncio.create_task(busy.call("Page.getFrameTree"))
    await rig.browser.command("Page.getFrameTree")
    rig.browser.event("Page.javascriptDialogOpening", {"type": "alert"}, "S2")
    await rig.settle()
    assert talking.dialog_open
    await watching(rig, []).ask_all()
    assert asked(rig) == []
    rig.browser.event("Page.javascriptDialogClosed", {}, "S2")
    rig.browser.reply(rig.browser.sent[-2])
    rig.browser.answers["Runtime.evaluate"] = ANSWER
    await rig.settle()
    await waiting
    await watching(rig, []).ask_all()
    assert sorted(asked(rig)) == ["S1", "S2"]


async def test_where_the_browser_itself_does_not_answer_no_page_is_blamed(rig) -> None:
    await rig.session(1)
    del rig.browser.answers["Browser.getVersion"]
    hung: list[str] = []
    watch = watching(rig, hung)
    for _ in range(3):
        await watch.ask_all()
    assert (hung, closed(rig)) == ([], [])


async def test_it_ends_with_its_connection_and_not_a_round_later(rig) -> None:
    await rig.session(1)
    watch = RendererWatch(rig.connection, POLICY._replace(every_s=3600), lambda _session: None)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.run)
            await anyio.wait_all_tasks_blocked()
            rig.browser.end("cut")
