"""Dialogs of a page are answered by policy, since a page that shows one does nothing else."""

from __future__ import annotations

from typing import Any

from harness.basics.errors import OperationError
from harness.navigation.page_link import PageLink


async def answer_dialogs(link: PageLink) -> None:
    """Answer every dialog by policy (accepted, a prompt with its own proposal) until cancelled; ends with the session.

    A dialog that opened before, while nobody answered, is answered at once.
    """
    session = link.session
    with session.stream("Page.javascriptDialogOpening") as dialogs:
        if link.state.dialog is not None:
            await _answer(link, link.state.dialog)
        async for _, params in dialogs:
            if session.make_error is not None:
                return
            await _answer(link, params)


async def _answer(link: PageLink, dialog: dict[str, Any]) -> None:
    link.log.warning(
        "page.dialog",
        kind=dialog.get("type", ""),
        message=str(dialog.get("message", ""))[:500],
        accepted=True,
    )
    answer: dict[str, Any] = {"accept": True}
    if dialog.get("type") == "prompt":
        answer["promptText"] = dialog.get("defaultPrompt", "")
    try:
        await link.call("Page.handleJavaScriptDialog", answer)
    except OperationError as error:
        # It is gone, or the session is, or the leases are: whoever waits for the page learns it by its own command.
        link.log.info("page.dialog", kind="gone", message=error.why, accepted=False)
