"""Typed commands over a connection: the test plays the browser."""

from __future__ import annotations

import asyncio

import pytest

from harness.basics.errors import OperationError
from harness.cdp.domains import browser, page, runtime, target
from harness.cdp.errors import ProtocolError
from tests.cdp.conftest import Rig

VERSION = {
    "protocolVersion": "1.3",
    "product": "Fake/1",
    "revision": "@1",
    "userAgent": "Fake",
    "jsVersion": "1",
    "newerThanUs": True,
}


async def test_a_typed_command_returns_its_result_in_its_own_type(rig: Rig) -> None:
    rig.browser.answers["Browser.getVersion"] = VERSION
    version = await rig.connection.send(browser.get_version())
    assert isinstance(version, browser.GetVersionResult)
    assert (version.product, version.js_version) == ("Fake/1", "1")


async def test_a_typed_command_of_a_session_travels_with_its_id_and_what_was_given(rig: Rig) -> None:
    writer = (await rig.session()).writer(["lease"])
    rig.browser.answers["Page.navigate"] = {"frameId": "F1"}
    result = await writer.send(page.navigate(url="about:blank", transition_type="typed"))
    assert (result.frame_id, result.loader_id) == ("F1", None)
    sent = rig.browser.sent[-1]
    assert (sent["sessionId"], sent["params"]) == ("S1", {"url": "about:blank", "transitionType": "typed"})


async def test_a_command_that_is_promised_no_result_returns_none_whatever_is_answered(rig: Rig) -> None:
    writer = (await rig.session()).writer(["lease"])
    rig.browser.answers["Page.enable"] = {"unexpected": 1}
    pending = writer.send(page.enable())
    assert await asyncio.create_task(pending) is None


async def test_a_typed_write_without_a_lease_is_refused_as_any_other(rig: Rig) -> None:
    session = await rig.session()
    with pytest.raises(OperationError, match="without a lease"):
        await session.send(page.navigate(url="about:blank"))
    assert "Page.navigate" not in [command["method"] for command in rig.browser.sent]


async def test_a_typed_read_needs_no_lease(rig: Rig) -> None:
    session = await rig.session()
    rig.browser.answers["Runtime.evaluate"] = {"result": {"type": "number", "value": 42}}
    answer = await session.send(runtime.evaluate(expression="6 * 7", throw_on_side_effect=True))
    assert (answer.result.value, answer.exception_details) == (42, None)


async def test_a_reply_that_lacks_a_promised_field_names_it(rig: Rig) -> None:
    rig.browser.answers["Target.getTargets"] = {"targetInfos": [{"targetId": "T1"}]}
    with pytest.raises(ProtocolError, match=r"missing required field `type`.*targetInfos"):
        await rig.connection.send(target.get_targets())
    await rig.settle()
