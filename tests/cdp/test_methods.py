from __future__ import annotations

import pytest

from harness.cdp.methods import READS, is_write


@pytest.mark.parametrize("method", ["Page.navigate", "Input.dispatchMouseEvent", "DOM.setFileInputFiles", "New.method"])
def test_what_is_not_listed_is_a_write(method: str) -> None:
    assert is_write(method, None)


@pytest.mark.parametrize("method", sorted(READS))
def test_what_is_listed_is_a_read_by_its_name(method: str) -> None:
    assert not is_write(method, {})
    assert method.split(".")[1].startswith(("get", "query", "capture", "describe", "resolve"))


def test_a_script_is_a_read_only_where_the_browser_refuses_side_effects() -> None:
    assert is_write("Runtime.evaluate", {"expression": "1"})
    assert is_write("Runtime.evaluate", {"expression": "1", "throwOnSideEffect": False})
    assert is_write("Runtime.evaluate", None)
    assert not is_write("Runtime.evaluate", {"expression": "1", "throwOnSideEffect": True})
    assert is_write("Runtime.callFunctionOn", {"throwOnSideEffect": True})
