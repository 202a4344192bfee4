"""The `harness` command: assembles the command groups and turns every ending into its exit code."""

from __future__ import annotations

import errno
import sys

import typer
from typer.exceptions import Exit, TyperException

from harness import __version__
from harness.basics.errors import HarnessError
from harness.basics.exit_codes import ExitCode
from harness.cli import doctor, evidence, nav, reconnects, running, strategies
from harness.cli.entry import ignore_signals
from harness.cli.output import after_lost_output, record_internal_error, show_error
from harness.cli.streams import own_streams

app = typer.Typer(
    name="harness",
    help="Runs fleets of browser workers over CDP and judges whether they are fit for production.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("doctor")(doctor.doctor)
app.command("burn-in")(running.burn_in)
app.command("run")(running.run)
app.command("evaluate")(evidence.evaluate)
app.command("explain")(evidence.explain)
app.command("reconnects")(reconnects.reconnects)
app.add_typer(nav.app, name="nav")
app.add_typer(strategies.app, name="strategy")


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"harness {__version__}\n")
        raise Exit(0)


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Runs fleets of browser workers over CDP and judges whether they are fit for production."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code. Errors are told in three lines, or as JSON with `--json`."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    with own_streams(as_json=as_json):
        return after_lost_output(_run(arguments, as_json=as_json), arguments)


def _run(arguments: list[str], *, as_json: bool) -> int:
    try:
        # Not `app(…)`: that would turn Ctrl-C into a bare exit code before we can tell of it.
        command = typer.main.get_command(app)
        with command.make_context("harness", list(arguments)) as context:
            result = command.invoke(context)
        return int(result or 0)
    except Exit as done:
        return done.exit_code
    except KeyboardInterrupt:
        ignore_signals()  # while it is told
        lines = ("interrupted", "Ctrl-C before or after the run", "start again; a run that had begun is readable")
        show_error("interrupted", lines, int(ExitCode.INTERRUPTED), as_json=as_json)
        return int(ExitCode.INTERRUPTED)
    except HarnessError as error:
        show_error(error.code, error.lines(), int(error.exit_code), as_json=as_json)
        return int(error.exit_code)
    except TyperException as error:
        message = error.format_message()
        if message.startswith("Usage:") and not as_json:  # a group without a command: its help
            sys.stderr.write(f"{message}\n")
            return int(ExitCode.USAGE)
        lines = (
            message or "the command line cannot be used",
            "see the usage",
            "run `harness --help`, or with a command's name",
        )
        show_error("wrong_usage", lines, int(ExitCode.USAGE), as_json=as_json)
        return int(ExitCode.USAGE)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            record_internal_error(error, as_json=as_json)
            return int(ExitCode.INTERNAL)
        lines = ("the disk is full", str(error), "free disk space and start again; what was recorded is readable")
        show_error("disk_full", lines, int(ExitCode.ENVIRONMENT), as_json=as_json)
        return int(ExitCode.ENVIRONMENT)
    except Exception as error:  # noqa: BLE001 - the outermost wall: told with its report, never a bare traceback
        record_internal_error(error, as_json=as_json)
        return int(ExitCode.INTERNAL)
