"""Floor 5: maps, readers, the page port, strategies and the chain around each step.

What authors of strategies need is re-exported here; `strategies/` imports nothing else of the house.
"""

from harness.basics.failures import Cause
from harness.navigation.context import StepContext
from harness.navigation.errors import StepError
from harness.navigation.map import Place, Step, Text, Viewport
from harness.navigation.page import Button, Clip, Miss, Page, Point
from harness.navigation.registry import Strategy, strategy

__all__ = [
    "Button",
    "Cause",
    "Clip",
    "Miss",
    "Page",
    "Place",
    "Point",
    "Step",
    "StepContext",
    "StepError",
    "Strategy",
    "Text",
    "Viewport",
    "strategy",
]
