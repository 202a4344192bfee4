"""harness: runs fleets of browser workers over CDP and judges from the evidence whether they are fit for production."""

__version__ = "0.1.0"
