"""Hung or slow? Pure: from what was asked, what was answered, and what the kernel says of the process.

A stopped process (SIGSTOP, a debugger) answers nothing ever: it is hung at once. One that answers nothing and uses no
processor time waits for something that does not come: it is hung after `misses`. One that answers nothing but computes
is slow, and given `patience` times as many tries: under load a browser answers late, and restarting it would add to it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Judgement = Literal["well", "slow", "hung"]


class Sign(NamedTuple):
    """What is known at one moment. misses: questions in a row without an answer; stopped: in state T (proc(5));
    cpu_advanced: whether it has used processor time since the first of them."""

    misses: int
    stopped: bool
    cpu_advanced: bool


class HangPolicy(NamedTuple):
    """How many unanswered questions in a row make a hang, and how much longer one that computes is waited for."""

    misses: int = 2
    patience: int = 3


def judge(sign: Sign, policy: HangPolicy) -> Judgement:
    """What to make of it."""
    if sign.misses == 0:
        return "well"
    if sign.stopped:
        return "hung"
    limit = policy.misses * (policy.patience if sign.cpu_advanced else 1)
    return "hung" if sign.misses >= limit else "slow"
