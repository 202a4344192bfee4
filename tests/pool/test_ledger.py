from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from harness.basics.failures import Cause
from harness.pool import ledger
from harness.pool.ledger import HttpLedger, LedgerError

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as the test's function says."""

    answer: Answer
    paths: list[str]
    ending: threading.Event

    def do_GET(self) -> None:
        self.paths.append(self.path)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            type(self).answer(self)

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    def send(self, body: bytes, status: int = 200, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, value: Any) -> None:
        self.send(json.dumps(value).encode())


class Site:
    """A real HTTP server in a thread."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.ending = threading.Event()
        members = {"paths": self.paths, "ending": self.ending, "answer": lambda handler: handler.send_json({})}
        self.handler = type("SiteHandler", (Handler,), members)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/ledger"

    def answers(self, answer: Answer) -> None:
        self.handler.answer = staticmethod(answer)  # type: ignore[assignment]

    def ledger(self, timeout_s: float = 30.0) -> HttpLedger:
        return HttpLedger(self.url + "/", timeout_s)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.ending.set()
    site.server.shutdown()
    site.server.server_close()
    thread.join()


async def refusal(site: Site, timeout_s: float = 30.0) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        await site.ledger(timeout_s).effects_of("spin-1")
    assert caught.value.root_cause is Cause.LEDGER_UNREACHABLE
    assert site.url in caught.value.why
    assert not caught.value.why.endswith(": ")
    return caught.value


async def test_the_effects_of_a_spin_are_its_entries(site: Site) -> None:
    site.answers(lambda handler: handler.send_json({"entries": [{"spin_id": "spin-1", "site": "shop"}]}))
    assert await site.ledger().effects_of("spin-1") == 1
    assert site.paths == ["/api/ledger/spin-1"]


async def test_a_spin_that_the_site_does_not_know_has_none(site: Site) -> None:
    site.answers(lambda handler: handler.send_json({"entries": []}))
    assert await site.ledger().effects_of("spin-1") == 0


async def test_the_whole_record_is_counted_by_spin_and_entries_without_one_apart(site: Site) -> None:
    entries = [
        {"spin_id": "spin-1", "account": "alice", "effect": "order"},
        {"spin_id": "spin-2", "account": 7},
        {"spin_id": "spin-1", "account": "alice"},
        {"spin_id": None, "account": "bob"},
        {"account": "bob"},
        {"spin_id": ""},
    ]
    site.answers(lambda handler: handler.send_json({"entries": entries}))
    contents = await site.ledger().all()
    assert contents.effects == {"spin-1": 2, "spin-2": 1}
    assert contents.accounts == {"spin-1": "alice", "spin-2": "7"}
    assert contents.unnamed == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>not found</html>",
        b"[]",
        b"null",
        b"{}",
        b'{"entries": {}}',
        b'{"entries": null}',
        b'{"entries": ["spin-1"]}',
        b'{"entries": [null]}',
        b'{"entries": [{"spin_id": ["spin-1"]}]}',
        b'{"entries": [{"spin_id": "spin-1"}',
        b'{"entries": [{"spin_id": "\xff"}]}',
    ],
)
async def test_an_answer_of_another_form_is_no_knowledge(site: Site, body: bytes) -> None:
    site.answers(lambda handler: handler.send(body))
    await refusal(site)
    with pytest.raises(LedgerError):
        await site.ledger().all()


async def test_entries_of_other_spins_are_no_answer_to_the_question(site: Site) -> None:
    """A site that answers every address with its whole record would turn every spin into a committed one."""
    site.answers(lambda handler: handler.send_json({"entries": [{"spin_id": "spin-1"}, {"spin_id": "spin-2"}]}))
    assert "other spins" in (await refusal(site)).why


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_an_error_status_is_told(site: Site, status: int) -> None:
    site.answers(lambda handler: handler.send(b'{"entries": []}', status))
    assert str(status) in (await refusal(site)).why


async def test_a_site_that_does_not_answer_is_given_up_after_the_timeout(site: Site) -> None:
    site.answers(lambda handler: handler.ending.wait())  # type: ignore[arg-type, return-value]
    assert "did not answer within 0.05 s" in (await refusal(site, 0.05)).why


async def test_a_site_that_answers_byte_by_byte_is_given_up_too(site: Site) -> None:
    def drip(handler: Handler) -> None:
        handler.send(b"", length=10_000)
        while not handler.ending.wait(0.005):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    site.answers(drip)
    before = threading.active_count()
    assert "did not answer within 0.1 s" in (await refusal(site, 0.1)).why
    assert threading.active_count() <= before + 2, "the reader and the handler, and no pile of them"


async def test_an_answer_that_is_too_large_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MAX_BYTES", 1000)
    site.answers(lambda handler: handler.send(b'{"entries": [' + b" " * 5000 + b"]}"))
    assert "larger than 1000 bytes" in (await refusal(site)).why


async def test_an_answer_that_ends_early_is_no_answer(site: Site) -> None:
    """The part that came is valid JSON: only the announced length tells that something is missing."""
    site.answers(lambda handler: handler.send(b'{"entries": []}', length=500))
    assert "early" in (await refusal(site)).why


async def test_a_connection_that_is_closed_without_an_answer_is_told(site: Site) -> None:
    site.answers(lambda handler: handler.connection.close())
    await refusal(site)


async def test_what_is_no_http_is_told() -> None:
    class Rude(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(b"220 smtp.example ESMTP\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Rude) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(LedgerError):
            await HttpLedger(f"http://127.0.0.1:{server.server_address[1]}/ledger", 30.0).all()
        thread.join()


async def test_nobody_at_the_address_is_told(site: Site) -> None:
    unused = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = unused.server_port
    unused.server_close()
    with pytest.raises(LedgerError, match="could not be read"):
        await HttpLedger(f"http://127.0.0.1:{port}/ledger", 30.0).all()


async def test_a_proxy_of_the_environment_is_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    site.answers(lambda handler: handler.send_json({"entries": []}))
    assert await site.ledger().effects_of("spin-1") == 0
