"""The modes of a run: a versioned contract."""

from enum import StrEnum


class Mode(StrEnum):
    """How a run works; `promise` is the text of the documented table."""

    promise: str

    def __new__(cls, value: str, promise: str) -> "Mode":
        member = str.__new__(cls, value)
        member._value_ = value
        member.promise = promise
        return member

    SEQUENTIAL = "sequential", "one worker, every work item once, in order of priority; the next starts when one ended"
    PARALLEL = "parallel", "all workers at once, every work item once"
    FIRST_SPIN = "first-spin", "one guarded spin: one worker, one work item, one attempt, then the end"
    BURN_IN = "burn-in", "all workers, work items without end by the profile's mix, until the duration is reached"
