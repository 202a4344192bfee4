"""The modules of harness/cdp/domains are what is generated from the kept description; no network is needed to see it.

`scripts/generate_protocol` generates them anew; this check finds one that was edited by hand, or not generated since.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scripts.checks.findings import Finding, finish
from scripts.protocol.generate import differences


def check(root: Path) -> Iterator[Finding]:
    """Files that are missing, edited or too many; or a description that is not the pinned one."""
    try:
        for path, what in differences(root):
            yield Finding(path, 0, f"{what}; scripts/generate_protocol")
    except ValueError as error:
        yield Finding("scripts/protocol", 0, str(error))


if __name__ == "__main__":
    finish(check)
