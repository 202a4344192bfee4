"""States of an endpoint's gate and every move between them: a circuit breaker whose half-open is exactly one probe."""

from enum import StrEnum

from harness.basics.transitions import TransitionTable


class GateState(StrEnum):
    """Whom a gate lets through: nobody waits, nobody may yet, one probes, those who wait go one by one."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    RELEASING = "releasing"


_S = GateState

GATE_TRANSITIONS = TransitionTable(
    "reconnect gate",
    GateState,
    {
        _S.CLOSED: (_S.OPEN,),
        _S.OPEN: (_S.HALF_OPEN,),
        _S.HALF_OPEN: (_S.OPEN, _S.RELEASING),
        _S.RELEASING: (_S.OPEN, _S.CLOSED),
    },
)
