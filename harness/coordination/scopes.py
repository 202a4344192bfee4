"""What a lock covers, as text: `kind:name`. The kinds' order is the one global order in which several are taken."""

from __future__ import annotations

from collections.abc import Iterable

ORDER = ("credential", "session", "clipboard")
"""Kinds of the house, outermost first; kinds that strategies declare come after them, by name."""


def session_scope(target_id: str) -> str:
    """The page target whose session is written to."""
    return f"session:{target_id}"


def credential_scope(site: str, account: str) -> str:
    """The identity itself, normalised: two references to one account share the scope."""
    return f"credential:{site.strip().casefold()}/{account.strip().casefold()}"


def clipboard_scope(browser_id: str) -> str:
    """The clipboard belongs to the browser process, not to the context (measured on Chromium 156)."""
    return f"clipboard:{browser_id}"


def scope_kind(scope: str) -> str:
    """The part before the colon."""
    return scope.partition(":")[0]


def in_global_order(scopes: Iterable[str]) -> list[str]:
    """Each scope once, in the order in which all takers of several must take them."""

    def rank(scope: str) -> tuple[int, str]:
        kind = scope_kind(scope)
        return (ORDER.index(kind) if kind in ORDER else len(ORDER), scope)

    return sorted(set(scopes), key=rank)
