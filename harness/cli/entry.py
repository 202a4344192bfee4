"""Where the process enters: everything is imported inside, so that Ctrl-C is answered from the first moment on."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the `harness` command; returns its exit code."""
    try:
        from harness.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write(
            "harness: interrupted\n"
            "  why: Ctrl-C\n"
            "  to do: start again; a run that had begun is readable with `harness evaluate`\n"
        )
        return 130


if __name__ == "__main__":
    sys.exit(main())
