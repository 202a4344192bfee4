"""A page with one Paste button, which shows the SHA-256 of what the clipboard held and never the text itself.

For tests that clip many secrets at once: `#paste` is the button; `#digest` carries `data-digest` (64 hex digits),
`data-count` (pastes done, set last, so that who waits for it finds the digest in place) and `data-error` (the name of
the last refusal, or empty).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from harness.demo_site.rendering import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def _lab(request: Request) -> Response:
    return page(request, "clipboard_lab.html")


def clipboard_lab_routes() -> list[Route]:
    """`GET /clipboard-lab`."""
    return [Route("/clipboard-lab", _lab)]
