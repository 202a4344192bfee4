"""Real replies and events, decoded into the generated types."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.cdp.domains import accessibility, browser, dom, dom_snapshot, network, page, performance, runtime, target
from scripts.checks.findings import ROOT
from tests.browser.managed import Told, managed, new_page

PAGE = "data:text/html," + quote("<title>typed</title><h1 id=a>Words</h1><button disabled>Buy</button>")


async def test_a_browsers_own_replies_decode(browser_path: Path) -> None:
    async with managed(browser_path, Told()) as manager:
        connection = await manager.ready()
        version = await connection.send(browser.get_version())
        assert "Chrom" in version.product
        made = await connection.send(target.create_target(url="about:blank"))
        infos = (await connection.send(target.get_targets())).target_infos
        (info,) = [info for info in infos if info.target_id == made.target_id]
        assert (info.type, info.url, info.attached) == ("page", "about:blank", False)
        assert (await connection.send(target.close_target(target_id=made.target_id))).success


async def test_a_pages_replies_decode(browser_path: Path) -> None:
    async with managed(browser_path, Told()) as manager:
        tab = await new_page(await manager.ready())
        assert await tab.send(page.enable()) is None
        with tab.session.expect(page.LoadEventFired.METHOD) as loaded:
            navigated = await tab.send(page.navigate(url=PAGE))
            assert page.LoadEventFired.of(await loaded).timestamp > 0
        tree = (await tab.send(page.get_frame_tree())).frame_tree
        assert (tree.frame.id, tree.frame.url, tree.frame.parent_id) == (navigated.frame_id, PAGE, None)

        root = (await tab.send(dom.get_document(depth=-1))).root
        html = (root.children or [])[-1]
        found = (await tab.send(dom.query_selector(node_id=root.node_id, selector="#a"))).node_id
        assert (html.local_name, (html.children or [])[1].child_node_count, found > 0) == ("html", 2, True)
        assert len((await tab.send(dom.get_box_model(node_id=found))).model.content) == 8

        await tab.send(runtime.enable())
        answer = await tab.send(runtime.evaluate(expression="({a: [1, null]})", return_by_value=True))
        assert (answer.result.type, answer.result.value) == ("object", {"a": [1, None]})
        thrown = (
            await tab.send(runtime.evaluate(expression="(() => { throw new TypeError('no') })()"))
        ).exception_details
        assert thrown is not None
        assert thrown.exception is not None
        assert (thrown.exception.class_name, thrown.stack_trace is not None) == ("TypeError", True)

        picture = await tab.send(
            page.capture_screenshot(format="png", clip=page.Viewport(x=0, y=0, width=8, height=8, scale=1))
        )
        assert base64.b64decode(picture.data).startswith(b"\x89PNG")
        names = [node.name.value for node in (await tab.send(accessibility.get_full_ax_tree())).nodes if node.name]
        assert {"Words", "Buy"} <= set(names)
        snapshot = await tab.send(dom_snapshot.capture_snapshot(computed_styles=["color"]))
        assert PAGE in snapshot.strings
        await tab.send(performance.enable())
        assert "Nodes" in {metric.name for metric in (await tab.send(performance.get_metrics())).metrics}
        assert (await tab.send(page.get_layout_metrics())).css_layout_viewport.client_width > 0
        assert (await tab.send(network.get_cookies())).cookies == []


async def test_the_documents_example_runs(browser_path: Path) -> None:
    scope: dict[str, Any] = {}
    exec((ROOT / "docs/cdp.md").read_text().split("```")[1].removeprefix("python"), scope)
    async with managed(browser_path, Told()) as manager:
        left, top = await scope["heading_corner"](await new_page(await manager.ready()), PAGE)
        assert (left, top > 0) == (8, True)
