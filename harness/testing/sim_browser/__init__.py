"""A scripted browser: a CDP server without a browser behind it, deterministic by seed, that fails as it is told to."""

from harness.testing.sim_browser.browser import SimBrowser
from harness.testing.sim_browser.executable import sim_binary
from harness.testing.sim_browser.faults import KINDS, Fault, FaultKind, random_faults
from harness.testing.sim_browser.memory import MemoryTransport
from harness.testing.sim_browser.server import SimServer
from harness.testing.sim_browser.site import Document

__all__ = [
    "KINDS",
    "Document",
    "Fault",
    "FaultKind",
    "MemoryTransport",
    "SimBrowser",
    "SimServer",
    "random_faults",
    "sim_binary",
]
