"""Who is told of each command: histograms in place, and the event that joins a correlation chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cdp.ports import CommandObserver
from harness.telemetry.histogram import LogHistogram
from harness.telemetry.pipeline import Log

if TYPE_CHECKING:
    from harness.cdp.connection import Connection
    from harness.cdp.in_flight import InFlight


class CommandMetrics:
    """Milliseconds by method, and counts by outcome; updated in place, read whenever wanted."""

    def __init__(self) -> None:
        self.duration_ms: dict[str, LogHistogram] = {}
        self.outcomes: dict[str, int] = {}

    def __call__(self, connection: Connection, command: InFlight, outcome: str, duration_ns: int) -> None:  # noqa: ARG002
        """Count one command."""
        histogram = self.duration_ms.get(command.method)
        if histogram is None:
            histogram = self.duration_ms[command.method] = LogHistogram()
        histogram.add(duration_ns / 1e6)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def telling(log: Log) -> CommandObserver:
    """Log each command as `command.completed`."""

    def tell(connection: Connection, command: InFlight, outcome: str, duration_ns: int) -> None:
        log.info(
            "command.completed",
            method=command.method,
            duration_ms=duration_ns / 1e6,
            outcome=outcome,
            session_id=command.session_id,
            command_id=f"{connection.browser_id}.{connection.generation}.{command.id}",
        )

    return tell


def both(first: CommandObserver, second: CommandObserver) -> CommandObserver:
    """Tell two observers."""

    def tell(connection: Connection, command: InFlight, outcome: str, duration_ns: int) -> None:
        first(connection, command, outcome, duration_ns)
        second(connection, command, outcome, duration_ns)

    return tell
