"""Where everything lies on the cabinet's canvas: the one table, sent to the page and used by maps and tests alike.

The canvas is 960 x 600 units and keeps that shape while it is scaled with the window, so a map addresses a spot by
its share of the element: `rx = x / 960`, `ry = y / 600`, each 0..1. The centres:

| screen | spot | rx | ry |
|---|---|---|---|
| login | `account` | 0.5 | 0.35 |
| login | `password` | 0.5 | 0.5 |
| login | `paste` | 0.4 | 0.7 |
| login | `log_in` | 0.6 | 0.7 |
| select | `comet` | 0.2 | 0.55 |
| select | `lagoon` | 0.5 | 0.55 |
| select | `ember` | 0.8 | 0.55 |
| spin | `spin` | 0.5 | 0.8 |
| select, spin | `log_out` | 0.9 | 0.1 |
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 960, 600


@dataclass(frozen=True, slots=True)
class Spot:
    """A rectangle that answers clicks while one of `screens` is shown; canvas units, `x` and `y` of its centre."""

    x: int
    y: int
    width: int
    height: int
    label: str
    screens: tuple[str, ...]

    @property
    def rx(self) -> float:
        """Horizontal centre as a share of the canvas."""
        return self.x / WIDTH

    @property
    def ry(self) -> float:
        """Vertical centre as a share of the canvas."""
        return self.y / HEIGHT


SPOTS: dict[str, Spot] = {
    "account": Spot(480, 210, 360, 56, "Account", ("login",)),
    "password": Spot(480, 300, 360, 56, "Password", ("login",)),
    "paste": Spot(384, 420, 168, 60, "Paste", ("login",)),
    "log_in": Spot(576, 420, 168, 60, "Log in", ("login",)),
    "comet": Spot(192, 330, 240, 260, "Comet", ("select",)),
    "lagoon": Spot(480, 330, 240, 260, "Lagoon", ("select",)),
    "ember": Spot(768, 330, 240, 260, "Ember", ("select",)),
    "spin": Spot(480, 480, 220, 84, "Spin", ("spin",)),
    "log_out": Spot(864, 60, 140, 48, "Log out", ("select", "spin")),
}
MACHINES = tuple(name for name, spot in SPOTS.items() if spot.screens == ("select",))
