from __future__ import annotations

import os
import subprocess
import sys

from harness.cdp.process_stat import started_ticks


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
