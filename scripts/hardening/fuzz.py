"""Feeds mutated frames to the protocol's state, and mutated bytes to both transports; a seed repeats the mutations."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import anyio

from scripts.hardening.fuzz_connection import ROUND, ConnectionRound
from scripts.hardening.fuzz_transports import STREAM, pipe_stream, websocket_stream

SHARES = {"connection": 0.6, "websocket": 0.2, "pipe": 0.2}
_KEPT = 20


@dataclass
class Report:
    """frames by part, what was seen, and what must not be; an empty `broken` is the aim."""

    seed: int
    frames: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


async def fuzz(frames: int, seed: int) -> Report:
    """All three parts, with so many frames in all."""
    report = Report(seed)
    loop = asyncio.get_running_loop()
    where = ""

    def lost_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        report.broken.append(f"{where}: {context['message']}: {context.get('exception')!r}")

    loop.set_exception_handler(lost_error)
    for part, share in SHARES.items():
        left, number, began = round(frames * share), 0, time.monotonic()
        report.frames[part] = left
        while left > 0:
            where = f"{part} {seed}/{number}"
            size = min(left, ROUND if part == "connection" else STREAM)
            found: list[str] = []
            await _round(part, random.Random(where), size, report.told, found)
            report.broken += [f"{where}: {what}" for what in found]
            left, number = left - size, number + 1
        gc.collect()  # an error that nobody took is told now
        report.seconds[part] = round(time.monotonic() - began, 1)
    return report


async def _round(part: str, rng: random.Random, size: int, told: Counter[str], broken: list[str]) -> None:
    if part == "connection":
        await ConnectionRound(rng, told, broken).run(size)
    elif part == "pipe":
        await pipe_stream(rng, size, told, broken)
    else:
        await websocket_stream(rng, size, told, broken)


def main(arguments: list[str] | None = None) -> int:
    """See scripts/fuzz. 1: something broke."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one object instead of the table")
    chosen = parser.parse_args(arguments)
    report = anyio.run(fuzz, chosen.frames, chosen.seed, backend_options={"use_uvloop": True})
    stuck = sum("stuck" in what for what in report.broken)
    if chosen.json:
        print(json.dumps({**asdict(report), "stuck": stuck, "crashes": len(report.broken) - stuck}))
    else:
        for part, count in report.frames.items():
            print(f"{part:<12}{count:>12,} frames in {report.seconds[part]:g} s")
        for name, count in sorted(report.told.items()):
            print(f"{name:<40}{count:>12,}")
        print("\n".join(f"BROKEN: {what}" for what in report.broken[:_KEPT]))
        print(f"seed {chosen.seed}: {len(report.broken) - stuck} crashes, {stuck} stuck waiters")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
