"""What the types of the commands promise; mypy is the test of it (scripts/check), and nothing here is ever run.

Each wrong line carries the error that it must be: were it none, mypy would report the ignore as unused.
"""

from __future__ import annotations

from typing import Any, assert_type

from harness.cdp.connection import Connection
from harness.cdp.domains import browser, dom, fetch, input, network, page, runtime  # noqa: A004 - the domain's name
from harness.cdp.session import Session, Writer


async def right(connection: Connection, session: Session, writer: Writer) -> None:
    """A result has its command's type, all the way down."""
    assert_type(await connection.send(browser.get_version()), browser.GetVersionResult)
    navigated = await writer.send(page.navigate(url="https://example.org/"), timeout_s=5.0)
    assert_type(navigated.frame_id, str)
    assert_type(navigated.error_text, str | None)
    assert_type(await session.send(page.enable()), None)
    root = (await session.send(dom.get_document())).root
    assert_type(root.children, list[dom.Node] | None)
    assert_type((await session.send(runtime.evaluate(expression="1"))).result.value, Any)
    assert_type(page.FrameNavigated.of({}).frame.loader_id, network.LoaderId)
    await writer.send(fetch.enable(patterns=[fetch.RequestPattern(resource_type="Document", request_stage="Response")]))


async def wrong(session: Session, result: page.NavigateResult, request: network.Request) -> None:
    """What an editor underlines."""
    page.navigate(uri="https://example.org/")  # type: ignore[call-arg]  # a misspelt parameter
    page.navigate()  # type: ignore[call-arg]  # a missing one
    page.navigate("https://example.org/")  # type: ignore[call-arg]  # one without its name
    page.navigate(url=7)  # type: ignore[arg-type]  # a value of the wrong type
    input.dispatch_mouse_event(type="mouseClicked", x=1, y=1)  # type: ignore[arg-type]  # a word that is none
    fetch.RequestPattern(resource_type="Documents")  # type: ignore[arg-type]  # a word of another domain that is none
    fetch.RequestPattern(url="*")  # type: ignore[call-arg]  # a misspelt field
    _ = result.frameId  # type: ignore[attr-defined]  # the protocol's name for ours
    _ = (await session.send(dom.get_document())).root.childs  # type: ignore[attr-defined]  # a field that is none
    await session.send("Page.enable")  # type: ignore[arg-type]  # a name is for `call`
    request.url = ""  # type: ignore[misc]  # what was told is not changed
