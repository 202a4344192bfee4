"""Dialogs of a page are answered by policy, since a page that shows one does nothing else."""

from __future__ import annotations

from typing import Any

from harness.basics.errors import OperationError
from harness.cdp.session import Writer
from harness.navigation.page_link import PageLink
from harness.telemetry.pipeline import Log


async def answer_dialogs(link: PageLink) -> None:
    """Answer every dialog by policy (accepted, a prompt with its own proposal) until cancelled; ends with the session.

    A dialog that opened before, while nobody answered, is answered at once.
    """
    session = link.session
    with session.stream("Page.javascriptDialogOpening") as dialogs:
        if link.state.dialog is not None:
            await answer(link.writer, link.state.dialog, link.log)
        async for _, params in dialogs:
            if session.make_error is not None:
                return
            await answer(link.writer, params, link.log)


async def answer(writer: Writer, dialog: dict[str, Any], log: Log) -> None:
    """Answer one dialog by policy, and tell it."""
    log.warning(
        "page.dialog",
        kind=dialog.get("type", ""),
        message=str(dialog.get("message", ""))[:500],
        accepted=True,
    )
    reply: dict[str, Any] = {"accept": True}
    if dialog.get("type") == "prompt":
        reply["promptText"] = dialog.get("defaultPrompt", "")
    try:
        await writer.call("Page.handleJavaScriptDialog", reply)
    except OperationError as error:
        # It is gone, or the session is, or the leases are: whoever waits for the page learns it by its own command.
        log.info("page.dialog", kind="gone", message=error.why, accepted=False)
