"""A scripted browser: a CDP server without a browser behind it, deterministic by seed, that fails as it is told to."""

from harness.testing.sim_browser.browser import SimBrowser
from harness.testing.sim_browser.connecting import connected, open_page
from harness.testing.sim_browser.executable import sim_binary
from harness.testing.sim_browser.faults import KINDS, Fault, FaultKind, random_faults
from harness.testing.sim_browser.memory import MemoryTransport
from harness.testing.sim_browser.server import SimServer
from harness.testing.sim_browser.site import Document
from harness.testing.sim_browser.striking import NoVictimError

__all__ = [
    "KINDS",
    "Document",
    "Fault",
    "FaultKind",
    "MemoryTransport",
    "NoVictimError",
    "SimBrowser",
    "SimServer",
    "connected",
    "open_page",
    "random_faults",
    "sim_binary",
]
