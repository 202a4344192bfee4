"""The short form of `scripts/soak`: counts return to where they began; memory needs the long one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.hardening.soak import Held, leaks, soak

HELD = Held(0, 0, 0, 0, 0, 20, 8, 40_000_000, 400_000_000)


@pytest.mark.parametrize("transport", ["websocket", "pipe"])
async def test_what_is_held_after_faults_is_what_was_held_before(browser_path: Path, transport: str) -> None:
    report = await soak(
        transport=transport,
        seconds=4,
        warm_up_s=1,
        per_minute=240,
        cut_every_s=2,
        browser=str(browser_path),
        memory=False,
    )
    assert report.leaks == []
    assert report.opened == report.closed > 0
    assert report.outcomes["as expected"] > 0
    assert report.cuts > 0


def test_what_grew_is_named_and_memory_only_where_it_is_judged() -> None:
    end = replace(HELD, pending_commands=1, descriptors=22, rss_bytes=50_000_000, browser_rss_bytes=800_000_000)
    assert leaks(HELD, HELD, memory=True) == []
    assert leaks(HELD, end, memory=False) == ["pending_commands", "descriptors"]
    assert leaks(HELD, end, memory=True) == ["pending_commands", "descriptors", "rss_bytes"]
    assert leaks(HELD, replace(HELD, rss_bytes=41_900_000), memory=True) == []
