"""Who may log in, and the server-side sessions of those who did.

Passwords are compared in constant time and are never shown: `Accounts` prints as the number of accounts it holds.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

#: A run of days logs in hundreds of thousands of times and a worker that died never logs out; the eldest sessions go
#: first.
MAX_SESSIONS = 10_000


class Accounts:
    """Checks passwords, and counts the log-ins that were accepted and those that were not."""

    def __init__(self, passwords: dict[str, str]) -> None:
        self._passwords = dict(passwords)
        self.logins = 0
        self.rejected_logins = 0

    def __repr__(self) -> str:
        return f"Accounts({len(self._passwords)})"

    def check(self, user: str, password: str) -> bool:
        """True where `password` is that of `user`; an unknown user is simply wrong. Counts either way."""
        known = self._passwords.get(user)
        right = known is not None and hmac.compare_digest(known.encode(), password.encode())
        if right:
            self.logins += 1
        else:
            self.rejected_logins += 1
        return right


class SessionTable(Generic[T]):
    """Cookie token -> the state of one log-in. A token is unguessable and ends with `close`."""

    def __init__(self, limit: int = MAX_SESSIONS) -> None:
        self._sessions: OrderedDict[str, T] = OrderedDict()
        self._limit = limit

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, state: T) -> str:
        """Keeps `state` and returns its token; above the limit the eldest session is forgotten."""
        token = secrets.token_urlsafe(24)
        self._sessions[token] = state
        if len(self._sessions) > self._limit:
            self._sessions.popitem(last=False)
        return token

    def get(self, token: str | None) -> T | None:
        """The state behind a token, or None where nobody is logged in with it."""
        return self._sessions.get(token) if token else None

    def close(self, token: str | None) -> None:
        """Forgets a token; one that is unknown is already what was asked for."""
        if token:
            self._sessions.pop(token, None)
