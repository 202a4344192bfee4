"""A client of a simulated browser without a loop: what is asked is answered before the call returns, or never."""

from __future__ import annotations

import json
from typing import Any

from harness.testing.sim_browser import SimBrowser


class Talk:
    """Implements the browser's `Wire`. said: every message, decoded; timers: what the browser wants done later."""

    def __init__(self, browser: SimBrowser) -> None:
        self.browser = browser
        self.said: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.dropped = self.oversized = 0
        self.number = 0
        self.client = browser.connect(self)

    def deliver(self, message: bytes, *, binary: bool = False) -> None:
        self.raw.append(message)
        self.said.append({"binary": message} if binary else json.loads(message))

    def drop(self) -> None:
        self.dropped += 1

    def oversize(self) -> None:
        self.oversized += 1

    def send(self, method: str, session: str = "", **params: Any) -> int:
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        self.client.receive(json.dumps(command | ({"sessionId": session} if session else {})))
        return self.number

    def reply_to(self, number: int) -> dict[str, Any] | None:
        return next((message for message in self.said if message.get("id") == number), None)

    def ask(self, method: str, session: str = "", **params: Any) -> Any:
        """The result of a command that must be answered, or its error."""
        reply = self.reply_to(self.send(method, session, **params))
        assert reply is not None, f"{method} was not answered"
        return reply.get("result", reply.get("error"))

    def page(self, *enabled: str, **params: Any) -> tuple[str, str]:
        target = self.ask("Target.createTarget", url="about:blank", **params)["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in enabled:
            self.ask(f"{domain}.enable", session)
        return target, session

    def evaluate(self, session: str, expression: str, **more: Any) -> Any:
        return self.ask("Runtime.evaluate", session, expression=expression, returnByValue=True, **more)["result"].get(
            "value"
        )

    def events(self) -> list[str]:
        return [message["method"] for message in self.said if "method" in message]


class Timers:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Any]] = []

    def later(self, seconds: float, act: Any) -> None:
        self.due.append((seconds, act))

    def turn(self) -> None:
        due, self.due = self.due, []
        for _, act in sorted(due, key=lambda one: one[0]):
            act()
