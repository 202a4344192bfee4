"""Faults that pages and sites cause, on a real browser: signal, reaction, category; see docs/faults.md."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import pytest

from harness.basics.failures import Category, Cause
from harness.cdp.errors import SessionDetachedError
from harness.navigation.downloads import Downloads
from harness.navigation.errors import StepError
from harness.navigation.map import AssertedNavigation, Step, Text
from tests.browser.live import HANG, Answer, Tab, css, open_page


async def _failure(tab: Tab, *steps: Step) -> StepError:
    with pytest.raises(StepError) as failed:
        await tab.replay(*steps)
    return failed.value


def _go(url: str, **more: object) -> Step:
    return Step("go", "navigate", {"url": url}, **more)


def _click(**more: object) -> Step:
    return Step("click", "click", place=css("#b"), **more)


async def _pages(tab: Tab) -> set[str]:
    """Target ids of the pages in the tab's context."""
    infos = (await tab.page.session.connection.call("Target.getTargets"))["targetInfos"]
    return {
        info["targetId"]
        for info in infos
        if info["type"] == "page" and info.get("browserContextId") == tab.page.context_id
    }


async def _told(tab: Tab, name: str, **fields: object) -> None:
    """Return when such an event was logged."""
    with anyio.fail_after(30):
        while not any(fields.items() <= event.items() for event in tab.events(name)):
            await anyio.sleep(0.01)


# --- popups


@asynccontextmanager
async def _spin(tab: Tab) -> AsyncIterator[None]:
    """Attend to the tab's page in a second session, until the block ends."""
    async with anyio.create_task_group() as tasks:
        second = type(tab.page)(context_id=tab.page.context_id, target_id=tab.page.target_id, log=tab.ctx.log)
        await second.aim(tab.page.session.connection, ())
        tasks.start_soon(second.attend)
        await anyio.wait_all_tasks_blocked()
        yield
        tasks.cancel_scope.cancel()


async def _alone(tab: Tab) -> None:
    """Return when the tab's page is the only one of its context, and answers."""
    with anyio.fail_after(30):
        while await _pages(tab) != {tab.page.target_id}:
            await anyio.sleep(0.01)
        assert await tab.js("1 + 1") == 2


@pytest.mark.parametrize("features", ["", "noopener"])
async def test_a_popup_is_adopted_its_dialog_answered_and_closed_with_the_spin(tab: Tab, features: str) -> None:
    tab.site.put("/pop", "<script>new BroadcastChannel('pop').onmessage = () => alert('from the popup')</script>")
    await tab.show(f"<button id=b onclick=\"window.open('/pop', '', '{features}')\">B</button>")
    async with _spin(tab):
        await tab.replay(_click())
        await _told(tab, "page.popup", outcome="adopted")
        with anyio.fail_after(30):
            while not tab.events("page.dialog"):  # it may listen later than it is adopted
                await tab.js("new BroadcastChannel('pop').postMessage(1)")
        assert tab.events("page.dialog")[0]["message"] == "from the popup"
        assert len(await _pages(tab)) == 2
    await _alone(tab)


@pytest.mark.parametrize("features", ["", "noopener"])
async def test_a_popup_that_shows_a_dialog_at_once_hangs_nobody(tab: Tab, features: str) -> None:
    tab.site.put("/pop", "<script>alert('from the popup')</script>")
    await tab.show(f"<button id=b onclick=\"window.open('/pop', '', '{features}')\">B</button>")
    async with _spin(tab):
        await tab.replay(_click())
        await _told(tab, "page.popup")
        with anyio.fail_after(30):
            assert await tab.js("6 * 7") == 42
    await _alone(tab)


# --- pages that ask to stay


async def test_a_page_that_asks_to_stay_is_closed_all_the_same(tab: Tab) -> None:
    await tab.show("<button id=b>B</button><script>onbeforeunload = e => { e.preventDefault(); return 'no' }</script>")
    await tab.replay(_click())
    connection, session = tab.page.session.connection, tab.page.session
    with session.expect("Page.loadEventFired") as never:
        await connection.call("Target.closeTarget", {"targetId": tab.page.target_id})
        with pytest.raises(SessionDetachedError):
            await never
    assert tab.events("page.dialog") == []


# --- navigations that fail


class _Listener:
    """Answers each connection of a loopback port with the same bytes, and ends it."""

    def __init__(self, answer: bytes) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self._answer = answer
        self._thread = threading.Thread(target=self._serve, name="listener")
        self._thread.start()

    def _serve(self) -> None:
        while True:
            taken, _ = self.socket.accept()
            with taken:
                if taken.recv(4096) == b"stop":
                    return
                taken.sendall(self._answer)

    def stop(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"stop")
        self._thread.join()
        self.socket.close()


@contextmanager
def _listening(answer: bytes) -> Iterator[int]:
    listener = _Listener(answer)
    try:
        yield listener.port
    finally:
        listener.stop()


@contextmanager
def _https(folder: Path) -> Iterator[int]:
    """A server whose certificate nobody has signed."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=nobody -keyout key.pem -out certificate.pem"
    subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            taken, _ = server.accept()
            try:
                with context.wrap_socket(taken, server_side=True) as secure:
                    secure.recv(1)
            except OSError:  # the browser does not trust it, as it should
                taken.close()

    thread = threading.Thread(target=serve, name="https")
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        ended.set()
        socket.create_connection(server.getsockname()).close()
        thread.join()
        server.close()


def _row(error: StepError) -> tuple[Category, Cause, str]:
    return error.root_cause.category, error.root_cause, str(error.context.get("net_error", ""))


NET = (Category.NAVIGATION, Cause.NET_ERROR)


async def test_an_empty_answer_has_its_own_code(tab: Tab) -> None:
    with _listening(b"") as port:
        error = await _failure(tab, _go(f"http://127.0.0.1:{port}/"))
    assert _row(error) == (*NET, "ERR_EMPTY_RESPONSE")


async def test_an_answer_that_is_no_http_has_its_own_code(tab: Tab) -> None:
    with _listening(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx") as port:
        error = await _failure(tab, _go(f"http://127.0.0.1:{port}/"))
    assert _row(error) == (*NET, "ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH")


async def test_a_server_that_speaks_no_tls_has_its_own_code(tab: Tab) -> None:
    with _listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        error = await _failure(tab, _go(f"https://127.0.0.1:{port}/"))
    assert _row(error) == (*NET, "ERR_SSL_PROTOCOL_ERROR")


async def test_a_certificate_that_nobody_signed_has_its_own_code(tab: Tab, tmp_path: Path) -> None:
    with _https(tmp_path) as port:
        error = await _failure(tab, _go(f"https://127.0.0.1:{port}/"))
    assert _row(error) == (*NET, "ERR_CERT_AUTHORITY_INVALID")


async def test_redirects_in_a_circle_have_their_own_code(tab: Tab) -> None:
    error = await _failure(tab, _go(tab.site.put("/round", Answer(status=302, headers={"Location": "/round"}))))
    assert _row(error) == (*NET, "ERR_TOO_MANY_REDIRECTS")
    assert error.may_have_happened


# --- no headers


@pytest.mark.parametrize("how", ["navigate", "click"])
async def test_a_page_whose_headers_do_not_come_is_stopped_and_answers_again(tab: Tab, how: str) -> None:
    url = tab.site.put("/never", HANG)
    await tab.show("<a id=b href=/never>never</a>")
    step = _go(url, timeout_s=0.6) if how == "navigate" else _click(asserted=AssertedNavigation(), timeout_s=1.5)
    error = await _failure(tab, step)
    assert error.cause in {Cause.STEP_TIMEOUT, Cause.NAVIGATION_MISSING}
    assert [event["outcome"] for event in tab.events("page.load_stopped")] == ["stopped"]
    with anyio.fail_after(30):
        assert await tab.js("6 * 7") == 42
    assert tab.page.url == f"{tab.site.origin}/"


# --- HTTP authentication

ASKS = Answer("who are you?", 401, {"WWW-Authenticate": 'Basic realm="vault"'})


async def test_a_page_that_asks_for_authentication_nobody_gives_is_a_failure_of_its_own(tab: Tab) -> None:
    error = await _failure(tab, _go(tab.site.put("/vault", ASKS)))
    assert (error.root_cause.category, error.root_cause) == (Category.AUTH, Cause.HTTP_AUTH_REQUIRED)


async def test_a_credential_opens_what_asks_for_it(tab: Tab) -> None:
    url = tab.site.put("/vault", ASKS)
    tab.site.accepts = {"/vault": ("ada", "hush")}
    await tab.replay(Step("a", "authenticate", text=Text(credential="secret")), _go(url))
    assert await tab.js("document.body.textContent") == "welcome, ada"
    assert [event["outcome"] for event in tab.events("page.http_auth")] == ["answered"]


async def test_a_wrong_credential_is_given_once(tab: Tab) -> None:
    url = tab.site.put("/vault", ASKS)
    tab.site.accepts = {"/vault": ("ada", "another")}
    error = await _failure(tab, Step("a", "authenticate", text=Text(credential="secret")), _go(url))
    assert (error.root_cause.category, error.root_cause) == (Category.AUTH, Cause.HTTP_AUTH_REQUIRED)
    assert [event["outcome"] for event in tab.events("page.http_auth")] == ["answered", "refused"]
    assert tab.site.requests.count("/vault") == 2
    assert "hush" not in str(tab.ctx.sink.lines)


# --- downloads


async def test_a_navigation_that_becomes_a_download_is_told_as_such(tab: Tab) -> None:
    await tab.show("<p>x")
    file = Answer("bytes", headers={"Content-Disposition": "attachment; filename=../../evil"})
    error = await _failure(tab, _go(tab.site.put("/file", file)))
    assert _row(error) == (*NET, "ERR_ABORTED")
    assert "download" in error.what
    assert tab.page.url == f"{tab.site.origin}/"


async def test_downloads_are_kept_under_a_made_up_name_and_one_that_is_too_large_is_not(
    tab: Tab, tmp_path: Path
) -> None:
    downloads = Downloads(tmp_path / "kept", max_bytes=100)
    page = await open_page(tab.page.session.connection, log=tab.ctx.log, downloads=downloads)
    attached = {"Content-Disposition": "attachment; filename=../../evil"}
    async with anyio.create_task_group() as spin:
        spin.start_soon(page.attend)
        await anyio.wait_all_tasks_blocked()
        for path, body in {"/small": "small", "/large": "x" * 2_000_000}.items():
            with pytest.raises(StepError, match="download"):
                await page.navigate(tab.site.put(path, Answer(body, headers=attached)))
        await _told(tab, "page.download", outcome="completed")
        await _told(tab, "page.download", outcome="too large")
        with anyio.fail_after(30):
            while len(list(downloads.folder.iterdir())) != 1:  # what there was of the other is removed
                await anyio.sleep(0.01)
        spin.cancel_scope.cancel()
    began = [event for event in tab.events("page.download") if event["outcome"] == "began"]
    assert {event["url"] for event in began} == {f"{tab.site.origin}/small", f"{tab.site.origin}/large"}
    (kept,) = downloads.folder.iterdir()
    assert (kept.name, kept.read_text()) == (began[0]["guid"], "small")
    assert not (tmp_path / "evil").exists()
