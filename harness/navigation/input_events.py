"""Mouse, keys and text, as `Input` events of the browser. Buttons and keys that are held are remembered."""

from __future__ import annotations

from typing import Any, Literal

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.keys import MODIFIERS, key_named
from harness.navigation.page import Button, MouseKind, Point
from harness.navigation.page_link import PageLink

_BUTTON_BITS = {"left": 1, "right": 2, "middle": 4, "back": 8, "forward": 16}


class InputEvents:
    """The input devices of one page."""

    def __init__(self, link: PageLink) -> None:
        self._link = link
        self._held_keys: set[str] = set()
        self._pressed: Button | None = None

    async def mouse(self, kind: MouseKind, at: Point, button: Button = "left", click_count: int = 0) -> None:
        """`Input.dispatchMouseEvent`."""
        if kind == "mousePressed":
            self._pressed = button
        held = self._pressed
        if kind == "mouseReleased":
            self._pressed = None
        send = self._link.call if kind == "mouseMoved" else self._link.act
        await send(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": at.x,
                "y": at.y,
                "button": button if kind != "mouseMoved" else (held or "none"),
                "buttons": _BUTTON_BITS[held] if held and kind != "mouseReleased" else 0,
                "clickCount": click_count,
                "modifiers": self._modifiers(),
            },
        )

    async def wheel(self, at: Point, dx: float, dy: float) -> None:
        """One wheel event."""
        await self._link.act(
            "Input.dispatchMouseEvent", {"type": "mouseWheel", "x": at.x, "y": at.y, "deltaX": dx, "deltaY": dy}
        )

    async def key(self, kind: Literal["down", "up"], name: str) -> None:
        """`Input.dispatchKeyEvent`; modifiers stay held until they are released."""
        key = key_named(name)
        if key is None:
            raise StepError(f"there is no key named {name!r}", why="see the DOM's key values", cause=Cause.STEP_INVALID)
        if kind == "down":
            self._held_keys.add(key.key)
        else:
            self._held_keys.discard(key.key)
        types_text = bool(key.text) and not self._held_keys & {"Control", "Alt", "Meta"}
        params: dict[str, Any] = {
            "type": "keyUp" if kind == "up" else ("keyDown" if types_text else "rawKeyDown"),
            "key": key.key,
            "code": key.code,
            "windowsVirtualKeyCode": key.key_code,
            "location": key.location,
            "modifiers": self._modifiers(),
        }
        if kind == "down" and types_text:
            params["text"] = params["unmodifiedText"] = key.text
        await self._link.act("Input.dispatchKeyEvent", params)

    async def release_keys(self) -> None:
        """Release every key that is still held: a recording may end with one down."""
        for name in sorted(self._held_keys):
            await self.key("up", name)

    async def insert_text(self, text: str) -> None:
        """`Input.insertText`."""
        await self._link.act("Input.insertText", {"text": text})

    async def paste_at_focus(self) -> None:
        """Control+V with the editing command named, since a synthetic chord alone runs no editor command."""
        chord = {"key": "v", "code": "KeyV", "windowsVirtualKeyCode": 86, "modifiers": MODIFIERS["Control"]}
        await self._link.act("Input.dispatchKeyEvent", {"type": "rawKeyDown", "commands": ["paste"], **chord})
        await self._link.act("Input.dispatchKeyEvent", {"type": "keyUp", **chord})

    def _modifiers(self) -> int:
        return sum(bit for name, bit in MODIFIERS.items() if name in self._held_keys)
