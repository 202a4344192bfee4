"""Draws pages from `pages/`, escaped, with the troubles that `misbehaviour` ordered for this request built in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from harness.demo_site.misbehaviour import page_troubles_of

if TYPE_CHECKING:
    from starlette.requests import Request

PAGES = Path(__file__).with_name("pages")

_pages = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(request: Request, template: str, *, status_code: int = 200, **values: object) -> HTMLResponse:
    """One page of the site. `no-store`, because each visit must ask the server: the site under test is the server."""
    text = _pages.get_template(template).render(troubles=page_troubles_of(request.scope), **values)
    return HTMLResponse(text, status_code=status_code, headers={"cache-control": "no-store"})


def script(name: str) -> str:
    """The text of one script of `pages/`, served as it is."""
    return (PAGES / name).read_text(encoding="utf-8")
