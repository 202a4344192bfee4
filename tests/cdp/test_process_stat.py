from __future__ import annotations

import os
import signal
import subprocess
import sys

from harness.cdp.process_stat import activity, group_pss_bytes, started_ticks


def test_a_process_keeps_its_start_and_a_later_one_has_a_later_one() -> None:
    mine = started_ticks(os.getpid())
    assert mine is not None
    assert started_ticks(os.getpid()) == mine
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    began = started_ticks(child.pid)
    assert began is not None
    assert began >= mine
    child.communicate(b"\n")


def test_a_process_that_ended_has_none_be_it_reaped_or_not() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert started_ticks(child.pid) is None
    child.communicate()
    assert started_ticks(child.pid) is None


def test_a_process_tells_what_it_has_used_and_whether_it_is_stopped() -> None:
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        while activity(child.pid).cpu_ticks < 2:
            pass
        assert not activity(child.pid).stopped
        child.send_signal(signal.SIGSTOP)
        while not activity(child.pid).stopped:
            pass
    finally:
        child.kill()
        child.wait()
    assert activity(child.pid) is None


def test_the_memory_of_a_group_is_that_of_all_its_processes() -> None:
    code = (
        "import os, sys; block = bytearray(30_000_000); os.fork(); sys.stdout.write('x'); sys.stdout.flush(); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert child.stdout.read(2) == b"xx"
        assert 30_000_000 < group_pss_bytes(child.pid) < 60_000_000, "what both share counts once"
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
    assert group_pss_bytes(child.pid) == 0
