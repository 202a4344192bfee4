"""Signals that ask for the end of a run: none of them kills it. SIGHUP counts like the others, unless it was ignored
from the start (`nohup`)."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While entered, signals are counted, and told to whoever asked; afterwards all is as it was before."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}
        self._told: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # elsewhere no signal arrives
            for number in SIGNALS:
                if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                    continue
                self._before[number] = signal.signal(number, self._received) or signal.SIG_DFL
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self._told is not None:
            self._told()

    @contextmanager
    def told_to(self, tell: Callable[[int], None]) -> Iterator[None]:
        """Within, `tell` is called in the running loop for each signal, with their number so far; those that came
        before are told now."""
        loop = asyncio.get_running_loop()

        def tell_soon() -> None:
            loop.call_soon_threadsafe(tell, self.count)

        self._told = tell_soon
        if self.count:
            tell(self.count)
        try:
            yield
        finally:
            self._told = None
