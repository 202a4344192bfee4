"""Exit codes of the `harness` command: a versioned contract (DESIGN, "Command surface and exit codes")."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a finished command tells its caller; `meaning` is the text of the documented table."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> "ExitCode":
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = 0, "done; GO"
    NO_GO = 1, "NO-GO, or a gate failed"
    USAGE = 2, "wrong usage, or a profile or map that cannot be used"
    INCONCLUSIVE = 3, "INCONCLUSIVE"
    ENVIRONMENT = 4, "the environment lacks something (no browser, port taken, disk full)"
    INTEGRITY = 5, "evidence failed its integrity check"
    NOT_PERMITTED = 6, "not permitted"
    INTERNAL = 70, "a defect of ours: an internal error, with its report"
    INTERRUPTED = 130, "interrupted; what was recorded is readable and evaluated"
