"""Frames as a browser sends them, and damaged in structure or bytes; all by the caller's `Random`."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]

TEXTS = ("", "load", "Ünïcode ✓ 例え", "🦊 emoji", "\ud83e half of a pair", "\udd8a", "\0", '"\\\b\f\n', "\u2028", "-0")
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, -0.0, 1e308, float("nan"), float("inf"), 2**31, 2**63, 2**64, -(2**63) - 1, 10**40,
    "", "x", "1", "null", "\ud800", [], [[]], {}, {"": {}}, {"id": 1}, [{"id": 1}],
)  # fmt: skip
BYTES = (
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xed\xa0\x80",
    b'"',
    b"\\",
    b"\\u",
    b"{",
    b"]",
    b",",
    b"1e999",
)
METHODS = (
    "Page.loadEventFired", "Page.frameNavigated", "Runtime.consoleAPICalled", "Network.dataReceived",
    "Target.targetInfoChanged", "Target.targetDestroyed", "Inspector.detached",
)  # fmt: skip
BIG = 60_000
DEEP = 3_000


class Frames:
    """A source of frames. ids: of commands that wait; sessions: (session id, target id) of those that stand."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._recent: list[bytes] = []
        self._makers: tuple[Callable[[Sequence[int], Sequence[tuple[str, str]]], Json], ...] = (
            self._reply, self._reply, self._refusal, self._event, self._event, self._end_of_session,
        )  # fmt: skip

    def real(self, ids: Sequence[int], sessions: Sequence[tuple[str, str]]) -> bytes:
        """One that a browser may send."""
        return self._encoded(self._rng.choice(self._makers)(ids, sessions))

    def mutated(self, ids: Sequence[int], sessions: Sequence[tuple[str, str]]) -> bytes:
        """One that is damaged, or repeats an earlier one."""
        rng = self._rng
        if self._recent and rng.random() < 0.05:
            return rng.choice(self._recent)
        message = rng.choice(self._makers)(ids, sessions)
        kind = rng.random()
        if kind < 0.6:
            for _ in range(rng.randint(1, 3)):
                self._damage(message)
        frame = self._encoded(message)
        if kind > 0.5:
            for _ in range(rng.randint(1, 3)):
                frame = self.damaged_bytes(frame)
        self._recent = [*self._recent[-15:], frame]
        return frame

    def damaged_bytes(self, frame: bytes) -> bytes:
        """With one change to its bytes."""
        rng = self._rng
        at, span = rng.randint(0, len(frame)), rng.randint(1, 12)
        match rng.randrange(6):
            case 0:
                return frame[:at]
            case 1:
                return frame[:at] + frame[at + span :]
            case 2:
                return frame[:at] + rng.choice(BYTES) + frame[at:]
            case 3:
                return frame[:at] + frame[max(0, at - span) :]
            case 4:
                return (
                    frame[:at] + bytes(byte ^ (1 << rng.randrange(8)) for byte in frame[at : at + 1]) + frame[at + 1 :]
                )
            case _:
                other = rng.choice(self._recent) if self._recent else b"{}"
                return frame[:at] + other[rng.randint(0, len(other)) :]

    # --- what a browser sends

    def _reply(self, ids: Sequence[int], sessions: Sequence[tuple[str, str]]) -> Json:
        return {"id": self._id(ids), "result": self._value(3), **self._session(sessions)}

    def _refusal(self, ids: Sequence[int], sessions: Sequence[tuple[str, str]]) -> Json:
        code = self._rng.choice((-32000, -32001, -32602, -32601, -32700, 0))
        message = self._rng.choice(("Session with given id not found.", "Target crashed", self._text()))
        return {"id": self._id(ids), "error": {"code": code, "message": message}, **self._session(sessions)}

    def _event(self, _ids: Sequence[int], sessions: Sequence[tuple[str, str]]) -> Json:
        return {"method": self._rng.choice(METHODS), "params": self._object(3), **self._session(sessions)}

    def _end_of_session(self, _ids: Sequence[int], sessions: Sequence[tuple[str, str]]) -> Json:
        rng = self._rng
        session_id, target_id = rng.choice(sessions) if sessions and rng.random() < 0.3 else ("S0", "T0")
        return rng.choice(
            (
                {"method": "Target.detachedFromTarget", "params": {"sessionId": session_id, "targetId": target_id}},
                {
                    "method": "Target.targetCrashed",
                    "params": {"targetId": target_id, "status": "crashed", "errorCode": 5},
                },
                {"method": "Inspector.targetCrashed", "params": {}, "sessionId": session_id},
                {"method": "Inspector.targetReloadedAfterCrash", "params": {}, "sessionId": session_id},
            )
        )

    def _id(self, ids: Sequence[int]) -> int:
        return self._rng.choice(ids) if ids and self._rng.random() < 0.8 else self._rng.randint(0, 10_000)

    def _session(self, sessions: Sequence[tuple[str, str]]) -> Json:
        return {"sessionId": self._rng.choice(sessions)[0]} if sessions and self._rng.random() < 0.8 else {}

    def _text(self) -> str:
        return "x" * BIG if self._rng.random() < 0.001 else self._rng.choice(TEXTS)

    def _object(self, depth: int) -> Json:
        names = ("sessionId", "targetId", "frameId", "value", "ü", "")
        return {self._rng.choice(names): self._value(depth - 1) for _ in range(self._rng.randint(0, 4))}

    def _value(self, depth: int) -> Any:
        kind = self._rng.randrange(8 if depth else 5)
        if kind < 2:
            return self._text()
        if kind < 5:
            return self._rng.choice((0, 1, -7, 3.25, True, None, 2**53))
        return [self._value(depth - 1) for _ in range(self._rng.randint(0, 3))] if kind == 5 else self._object(depth)

    # --- what damages them

    def _damage(self, message: Any) -> None:
        """Change one thing in a random depth of the message."""
        rng = self._rng
        while isinstance(message, dict) and message:
            key = rng.choice(list(message))
            if isinstance(message[key], dict) and message[key] and rng.random() < 0.6:
                message = message[key]
                continue
            match rng.randrange(5):
                case 0:
                    del message[key]
                case 1:
                    message[rng.choice(("id", "method", "sessionId", "params", "error", "x"))] = message.pop(key)
                case 2:
                    message[key] = [message[key]]
                case 3 if rng.random() < 0.01:
                    message[key] = _Deep()
                case _:
                    message[key] = copy.deepcopy(rng.choice(ODD))
            return

    def _encoded(self, message: Json) -> bytes:
        text = json.dumps(message, ensure_ascii=self._rng.random() < 0.5, default=lambda _: "<deep>")
        if '"<deep>"' in text:
            bracket = self._rng.choice(("[]", '{"a":}'))
            text = text.replace('"<deep>"', bracket[:-1] * DEEP + "0" + bracket[-1] * DEEP)
        return text.encode(errors="surrogatepass")


class _Deep:
    """Stands for a value that is nested deeper than any parser goes."""
