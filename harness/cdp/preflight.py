"""What a machine must have before browsers are started on it, asked before the start instead of found out by a crash.

Chromium traps when it runs out of file descriptors (measured: at 13 tabs under a limit of 256), and its renderers crash
when `/dev/shm` is small; both look like faults of the page.
"""

from __future__ import annotations

import os
import resource
from typing import NamedTuple

from harness.basics.errors import EnvironmentLacksError

DESCRIPTORS_PER_BROWSER = 120
DESCRIPTORS_PER_PAGE = 20
SHARED_MEMORY_BYTES = 512 * 2**20
"""Below this Chromium is told to keep its shared memory in the temporary folder (`--disable-dev-shm-usage`)."""


class Room(NamedTuple):
    """What there is. Descriptors: the limit of one process, soft and hard; shared_memory_bytes: free on /dev/shm, None
    where there is none."""

    descriptors: int
    descriptors_at_most: int
    shared_memory_bytes: int | None

    @property
    def shared_memory_is_small(self) -> bool:
        """Whether browsers have to do without /dev/shm."""
        return self.shared_memory_bytes is None or self.shared_memory_bytes < SHARED_MEMORY_BYTES


def look() -> Room:
    """The room on this machine, for this process and its children."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (2**31 if limit == resource.RLIM_INFINITY else limit for limit in (soft, hard))
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108 - it is asked, not written
    except OSError:
        return Room(soft, hard, None)
    return Room(soft, hard, status.f_bavail * status.f_frsize)


def descriptors_needed(pages_per_browser: int) -> int:
    """What the limit of one process must be; of browser and harness, the browser needs more."""
    return DESCRIPTORS_PER_BROWSER + DESCRIPTORS_PER_PAGE * pages_per_browser


def make_room(pages_per_browser: int) -> Room:
    """Raise the soft limit as far as browsers with so many pages need it, and it may be; returns what there is then.

    Raises EnvironmentLacksError (exit 4) where the hard limit is too low.
    """
    room, needed = look(), descriptors_needed(pages_per_browser)
    if room.descriptors >= needed:
        return room
    if room.descriptors_at_most < needed:
        raise EnvironmentLacksError(
            f"too few file descriptors: a browser with {pages_per_browser} pages needs about {needed}",
            why=f"the hard limit of this process is {room.descriptors_at_most}",
            todo=f"raise it (`ulimit -n {needed}`, LimitNOFILE= of a service), or use fewer workers or more browsers",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return look()
