"""Selectors in the Recorder's shape: a list of alternatives, each a string or a chain (host, then its shadow root).

A chain is never flattened into alternatives: its inner selector alone may name a decoy elsewhere on the page.
"""

from __future__ import annotations

import re
from typing import Any, Final

from harness.navigation.map import Chain
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.report import kind_of

_VOLATILE: Final = re.compile(
    r"\\?:r[0-9a-z]{1,4}\\?:"  # ids that React counts up
    r"|__(?=[\w-]*[A-Z0-9])[A-Za-z0-9+-]{5}(?![\w-])"  # class names hashed by CSS modules
    r"|\.(?:sc|css)-(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{5,}"  # styled-components, emotion
    r"|_[0-9a-f]{8}(?![\w-])"  # hashed suffixes
    r"|(?:ember|radix-|mui-|headlessui-[a-z-]+)[0-9]+"
    r"|_ng(?:content|host)-"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)


def read_selectors(fields: Fields, name: str = "selectors") -> tuple[Chain, ...]:
    """The alternatives in their order; () where the field is absent.

    Drift: `selectors_not_a_list`, `flat_selectors`, `css_prefix`, `empty_selector`, `volatile_selector`. Raises MapError
    for anything that is neither text nor a list of texts.
    """
    raw = fields.take(name)
    if raw is None:
        return ()
    if isinstance(raw, str):
        fields.drift("selectors_not_a_list", name, found=raw, done="read as the only alternative")
        raw = [[raw]]
    if not isinstance(raw, list):
        raise fields.wrong(name, f"must be a list and is {kind_of(raw)}")
    chains = [_chain(entry, fields, name) for entry in raw]
    if any(isinstance(entry, str) for entry in raw):
        fields.drift("flat_selectors", name, found=_first(raw), done="each text read as an alternative of its own")
    kept = tuple(chain for chain in chains if chain)
    if len(kept) < len(chains):
        fields.drift("empty_selector", name, found="an empty alternative", done="left out")
    stripped = tuple(tuple(part.removeprefix("css/") for part in chain) for chain in kept)
    if stripped != kept:
        changed = next(part for chain in kept for part in chain if part.startswith("css/"))
        fields.drift("css_prefix", name, found=changed, done="css/ left out: CSS needs no prefix")
        if not all(all(chain) for chain in stripped):
            raise fields.wrong(name, "holds css/ with nothing after it")
    volatile = next((part for chain in stripped for part in chain if is_volatile(part)), None)
    if volatile is not None:
        fields.drift(
            "volatile_selector", name, found=volatile, done="kept; it may change with the next build of the site"
        )
    return stripped


def is_volatile(selector: str) -> bool:
    """Whether a selector names an id or class that looks generated; names and texts never do."""
    return not selector.startswith(("aria/", "text/")) and _VOLATILE.search(selector) is not None


def _chain(entry: Any, fields: Fields, name: str) -> Chain:
    parts = [entry] if isinstance(entry, str) else entry
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise fields.wrong(name, f"holds {kind_of(entry)} where a text or a list of texts belongs")
    if all(part.strip() for part in parts):
        return tuple(parts)
    if len(parts) > 1:
        raise fields.wrong(name, "holds a chain with an empty part")
    return ()


def _first(raw: list[Any]) -> str:
    return next(entry for entry in raw if isinstance(entry, str))
