"""What the simulated browser finds at a URL: no socket is opened, a page is what the test says it is."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Ending = Literal["document", "no_content", "download", "cut_body", "no_headers"]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to one URL.

    expressions: what `Runtime.evaluate` brings for the very text of an expression; calls: the same for a text that the
    declaration of a `Runtime.callFunctionOn` holds. net_error: `net::ERR_…`, where nothing is answered. redirect: the URL
    that is answered instead.
    """

    title: str = ""
    status: int = 200
    expressions: dict[str, Any] = {}
    calls: dict[str, Any] = {}
    ending: Ending = "document"
    net_error: str = ""
    redirect: str = ""


Site = dict[str, Document]
"""Documents by URL, without fragment; what is not there is an empty page."""

BLANK = Document()


def document_at(site: Site, url: str) -> tuple[str, Document]:
    """The URL that answers in the end, and its document."""
    bare = url.partition("#")[0]
    document = site.get(bare, BLANK)
    for _ in range(20):
        if not document.redirect:
            return bare, document
        bare = document.redirect
        document = site.get(bare, BLANK)
    return bare, Document(net_error="net::ERR_TOO_MANY_REDIRECTS")
