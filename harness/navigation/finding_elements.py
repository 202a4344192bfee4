"""Finding the element of a place, for as long as the step's deadline lets it.

Alternatives of a place are tried in their recorded order; a later one becomes eligible only after a short stagger, and
which one won is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.evaluation import evaluate
from harness.navigation.frames import frame_corner
from harness.navigation.loading import check_status
from harness.navigation.map import Place
from harness.navigation.page import Miss, Point
from harness.navigation.page_link import PageLink
from harness.navigation.page_script import PageScript

STAGGER_S = 0.4
POLL_S = 0.04


class Finder:
    """Finds elements of one page, and where to act on them. What it last missed stands in the link's `last_miss`."""

    def __init__(self, link: PageLink) -> None:
        self._link = link
        self._script = PageScript(link)

    async def point(self, place: Place, *, enabled: bool = True) -> Point:
        """Where to act; see the port."""
        if not place.selectors:
            return await self._viewport_point(place)
        started = anyio.current_time()
        while True:
            found = await self._look(place, started, "point", place.offset, place.relative, enabled)
            at = found["value"] if found else {}
            if "x" in at:
                if not at["inside"]:
                    self._link.log.warning(
                        "step.drift", field="offset", expected="inside the element", found=f"{place.offset} misses it"
                    )
                left, top = await frame_corner(self._link, place.frame)
                return Point(left + at["x"], top + at["y"])
            if at:
                self._link.last_miss = Miss(Cause.ELEMENT_NOT_ACTIONABLE, at["wait"])
            check_status(self._link.state, 500)
            await anyio.sleep(POLL_S)

    async def _viewport_point(self, place: Place) -> Point:
        if place.point is not None:
            return Point(*place.point)
        if place.relative is None:
            raise StepError("a step names no place", why="no selector and no coordinates", cause=Cause.STEP_INVALID)
        width, height = await evaluate(self._link, "[innerWidth, innerHeight]")
        return Point(place.relative[0] * width, place.relative[1] * height)

    async def run(self, place: Place, function: str, *arguments: Any) -> Any:
        """Find the element and run a page-script function on it; see the port."""
        started = anyio.current_time()
        while True:
            found = await self._look(place, started, function, *arguments)
            if found is not None:
                return found["value"]
            check_status(self._link.state, 500)
            await anyio.sleep(POLL_S)

    async def survey(
        self, place: Place, properties: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """All elements of the first alternative that finds any; see the port."""
        self._script.hint = ""
        for chain in place.selectors:
            found = await self._script.run(place.frame, chain, "survey", [list(properties), list(attributes)])
            if found:
                return list(found)
        self._link.last_miss = self._not_found(place)
        check_status(self._link.state, 500)
        return []

    async def _look(self, place: Place, started: float, function: str, *arguments: Any) -> dict[str, Any] | None:
        """One look with each alternative that is eligible by now; None when no element is there.

        An element that cannot be acted on yet (`wait`) is the answer only where no later alternative has a better one.
        `last_miss` changes when the look is over, never before: a deadline in the middle of it tells what was seen last.
        """
        self._script.hint = ""
        elapsed = anyio.current_time() - started
        waiting: dict[str, Any] | None = None
        for number, chain in enumerate(place.selectors):
            if number * STAGGER_S > elapsed:
                break
            found = await self._script.run(place.frame, chain, "run", [function, list(arguments)])
            if found is None:
                continue
            if isinstance(found["value"], dict) and "wait" in found["value"]:
                waiting = waiting or found
                continue
            if number:
                self._link.log.info("step.fallback", alternative=number, selector=" >> ".join(chain))
            self._link.last_miss = None
            return dict(found)
        if waiting is None:
            self._link.last_miss = self._not_found(place)
        return waiting

    def _not_found(self, place: Place) -> Miss:
        return Miss(Cause.ELEMENT_NOT_FOUND, self._script.hint or f"no element for {_names(place)}")


def _names(place: Place) -> str:
    return " | ".join(" >> ".join(chain) for chain in place.selectors) or "(no selector)"
