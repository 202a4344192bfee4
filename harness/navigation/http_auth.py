"""HTTP authentication: a challenge is answered with a credential once, and then no more.

A challenge that Chromium asks us about blocks its request until it is answered; a wrong password that is given again is
asked for again, for ever, and may lock the account. So the second challenge of the same place is cancelled, and the
navigation ends with its 401.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from harness.basics.errors import OperationError
from harness.basics.secret import Secret
from harness.navigation.page_link import PageLink


class _Identity(NamedTuple):
    account: str
    secret: Secret


class HttpAuth:
    """What one page answers challenges with. Only `allowed_origins` are answered, where any are named; a proxy never is."""

    def __init__(self, link: PageLink, allowed_origins: frozenset[str]) -> None:
        self._link = link
        self._allowed_origins = allowed_origins
        self._identity: _Identity | None = None
        self._tried: set[tuple[str, str]] = set()

    async def authenticate(self, account: str, secret: str) -> None:
        """Answer with this from now on. Every request of the page is asked about from here on, which costs it time."""
        self._identity = _Identity(account, Secret("http-auth", secret))
        self._tried.clear()
        await self._link.set_up("Fetch.enable", {"handleAuthRequests": True})

    async def answer(self) -> None:
        """Answer until cancelled, then forget the identity; ends with the session."""
        link = self._link
        try:
            with link.session.stream("Fetch.authRequired", "Fetch.requestPaused") as asked:
                async for method, params in asked:
                    try:
                        await self._answer(method, params)
                    except OperationError as error:
                        # The request is gone, or the session is: whoever waits for the page learns it by its own command.
                        link.log.info("page.http_auth", origin="", outcome=error.code)
        finally:
            if link.session.make_error is None:  # after a lost connection the step goes on, and so does its identity
                self._identity = None

    async def _answer(self, method: str, params: dict[str, Any]) -> None:
        request = {"requestId": params["requestId"]}
        if method == "Fetch.requestPaused":
            await self._link.call("Fetch.continueRequest", request)
            return
        challenge = params["authChallenge"]
        origin = str(challenge.get("origin", ""))
        identity = self._take(challenge, origin)
        response: dict[str, Any] = {"response": "CancelAuth"}
        if identity is not None:
            response = {
                "response": "ProvideCredentials",
                "username": identity.account,
                "password": identity.secret.reveal(),
            }
        self._link.log.info("page.http_auth", origin=origin, outcome="answered" if identity else "refused")
        await self._link.call("Fetch.continueWithAuth", {**request, "authChallengeResponse": response})

    def _take(self, challenge: dict[str, Any], origin: str) -> _Identity | None:
        """The identity for this challenge, once."""
        place = (origin, str(challenge.get("realm", "")))
        foreign = bool(self._allowed_origins) and origin not in self._allowed_origins
        if foreign or challenge.get("source") == "Proxy" or place in self._tried:
            return None
        self._tried.add(place)
        return self._identity
