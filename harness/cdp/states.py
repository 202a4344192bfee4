"""States of a browser's lifecycle and every move between them."""

from enum import StrEnum

from harness.basics.transitions import TransitionTable


class BrowserState(StrEnum):
    """Where a browser stands; only a HEALTHY one is given to workers."""

    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    RECONNECTING = "reconnecting"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


_S = BrowserState

BROWSER_TRANSITIONS = TransitionTable(
    "browser",
    BrowserState,
    {
        _S.STARTING: (_S.HEALTHY, _S.FAILED, _S.STOPPING),
        _S.HEALTHY: (_S.UNHEALTHY, _S.RECONNECTING, _S.RESTARTING, _S.STOPPING),
        _S.UNHEALTHY: (_S.HEALTHY, _S.RECONNECTING, _S.RESTARTING, _S.STOPPING),
        _S.RECONNECTING: (_S.HEALTHY, _S.RESTARTING, _S.FAILED, _S.STOPPING),
        _S.RESTARTING: (_S.HEALTHY, _S.FAILED, _S.STOPPING),
        _S.FAILED: (_S.STOPPING,),
        _S.STOPPING: (_S.STOPPED,),
        _S.STOPPED: (),
    },
)
