"""Where the process enters: everything is imported inside, so that Ctrl-C is answered from the first moment on."""

from __future__ import annotations

import contextlib
import signal
import sys

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the `harness` command; returns its exit code."""
    try:
        _answer_like_ctrl_c()
        from harness.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        ignore_signals()
        with contextlib.suppress(OSError, AttributeError):  # standard error may be gone, too
            sys.stderr.write(
                "harness: interrupted\n"
                "  why: Ctrl-C, or another signal that asks for the end\n"
                "  to do: start again; a run that had begun is readable with `harness evaluate`\n"
            )
        return 130
    finally:
        ignore_signals()  # nothing is left to be interrupted but Python's own end
        exec("")  # noqa: S102 - CPython ends by SIGINT when one came within an `exec` (of a dataclass, say), until the next


def _answer_like_ctrl_c() -> None:
    """SIGTERM and SIGHUP raise KeyboardInterrupt, too; one that was ignored from the start stays so (`nohup`)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def ignore_signals() -> None:
    """From here on, whatever asks for the end comes too late: it is coming."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
