"""A running site with two accounts, and a client with cookies for it, over real sockets."""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from harness.demo_site.process import DemoSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ACCOUNTS = {"alice": "s3cret-of-alice", "bob": "s3cret-of-bob"}


@dataclass
class Answer:
    """What came back after redirects: `url` is where they ended."""

    status: int
    url: str
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Client:
    """One visitor: keeps cookies, follows redirects, never raises for a status. No proxy, whatever the environment says."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    async def send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        request = urllib.request.Request(self.origin + path, data=body, method=method, headers=headers or {})
        return await asyncio.to_thread(self._open, request)

    def _open(self, request: urllib.request.Request) -> Answer:
        try:
            answer = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return Answer(answer.status, answer.url, answer.read().decode(), dict(answer.headers.items()))

    async def get(self, path: str) -> Answer:
        return await self.send("GET", path)

    async def form(self, path: str, spin_id: str | None = None, **fields: str) -> Answer:
        headers = {} if spin_id is None else {"x-harness-spin": spin_id}
        return await self.send("POST", path, urllib.parse.urlencode(fields).encode(), headers)

    async def call(self, path: str, body: object, spin_id: str | None = None) -> Answer:
        headers = {"content-type": "application/json"} | ({} if spin_id is None else {"x-harness-spin": spin_id})
        return await self.send("POST", path, json.dumps(body).encode(), headers)

    async def log_in_to_shop(self, user: str) -> Answer:
        return await self.form("/shop/login", user=user, password=ACCOUNTS[user])

    async def log_in_to_cabinet(self, account: str) -> Answer:
        return await self.call("/cabinet/api/login", {"account": account, "password": ACCOUNTS[account]})


@pytest.fixture
async def site() -> AsyncIterator[DemoSite]:
    """A site without misbehaviour; it must have had nothing to complain about by the end."""
    async with await DemoSite.start(ACCOUNTS) as running:
        yield running
        assert running.complaints() == ""


@pytest.fixture
def visitor(site: DemoSite) -> Callable[[], Client]:
    """Makes clients that share nothing with each other."""
    return lambda: Client(site.origin)


@pytest.fixture
def client(site: DemoSite) -> Client:
    return Client(site.origin)
