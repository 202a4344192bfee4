import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from harness.basics.errors import UsageError
from harness.demo_site.process import DemoSite, SiteStartError

ACCOUNTS = {"alice": "only-for-this-test"}


async def test_a_site_listens_on_loopback_and_is_gone_after_stop() -> None:
    site = await DemoSite.start(ACCOUNTS)
    child = psutil.Process(site.pid)
    try:
        assert {conn.laddr.ip for conn in child.net_connections() if conn.status == "LISTEN"} == {"127.0.0.1"}
        assert site.origin == f"http://127.0.0.1:{site.port}"
        assert os.getsid(site.pid) == site.pid
        assert "only-for-this-test" not in " ".join(child.cmdline() + list(child.environ().values()))
    finally:
        await site.stop()
        await site.stop()
    assert not psutil.pid_exists(site.pid)
    assert not site.running


async def test_a_site_with_a_request_that_hangs_stops_all_the_same() -> None:
    async with await DemoSite.start(ACCOUNTS, misbehave=["hang:/shop/login"]) as site:
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"GET /shop/login HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        await writer.drain()
    assert not psutil.pid_exists(site.pid)
    writer.close()


async def test_a_port_that_is_taken_is_told_in_three_lines() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SiteStartError) as refused:
            await DemoSite.start(ACCOUNTS, port=port)
    what, why, todo = refused.value.lines()
    assert what == f"the built-in site cannot listen on 127.0.0.1:{port}"
    assert "in use" in why
    assert "another port" in todo
    assert refused.value.exit_code == 4


async def test_a_rule_that_cannot_be_read_is_wrong_usage() -> None:
    with pytest.raises(UsageError) as refused:
        await DemoSite.start(ACCOUNTS, misbehave=["explode:/shop"])
    assert "unknown kind 'explode'" in refused.value.why
    assert refused.value.exit_code == 2


async def test_a_site_that_is_late_is_an_error_and_is_not_left_running() -> None:
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(SiteStartError) as late:
        await DemoSite.start(ACCOUNTS, timeout_s=0.0)
    assert "not listening within 0 s" in late.value.why
    assert {child.pid for child in psutil.Process().children()} <= before


async def test_a_site_dies_with_a_parent_that_was_killed() -> None:
    """A process that starts a site is killed with -9; the site sees the end of its standard input and goes."""
    starter = (
        "import asyncio\n"
        "from harness.demo_site.process import DemoSite\n"
        "async def main():\n"
        "    site = await DemoSite.start({})\n"
        "    print(site.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", starter, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    site = psutil.Process(int(await parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await asyncio.to_thread(psutil.wait_procs, [site], timeout=30)
    assert not site.is_running() or site.status() == psutil.STATUS_ZOMBIE
