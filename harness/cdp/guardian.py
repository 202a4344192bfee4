"""The guardian of one browser process: a small program between the harness and Chromium, standard library only.

    python -I -S guardian.py PROFILE_FOLDER PIPES BROWSER ARGUMENT…

PIPES is `-`, or two descriptors `R,W` that the browser gets as its 3 (it reads commands) and 4 (it writes replies).

It starts the browser in a process group of its own, tells the group's id on standard output as one JSON line, and waits.
When the browser ends, or when standard input reaches its end (the harness closed it, died, or was killed with -9), it kills
the whole group, removes the profile folder, tells the exit code and ends.

Should the guardian itself be killed, the kernel kills the group: the browser's standard input is a pipe that only the
guardian could write to, armed (fcntl(2): O_ASYNC, F_SETOWN, F_SETSIG) to send the group SIGKILL when its last writer is
gone. A parent-death signal would reach the first process alone, and that is a shell where the browser is a wrapper script.
So no way of dying of the harness leaves a browser behind, and the next start sweeps the folder of a killed guardian.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import sys
import time

_NOT_FOR_US = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)  # the harness decides when a browser ends, not a terminal


def _start(command: list[str], pipes: list[int]) -> int:
    """The process id of the browser, which is its group's, too."""
    guardian = os.getpid()
    lifeline, _held_open = os.pipe()
    pid = os.fork()
    if pid:
        for descriptor in (lifeline, *pipes):  # the browser alone holds its ends: theirs is the pipe's end
            os.close(descriptor)
        return pid
    try:
        os.setpgid(0, 0)
        for number in (*_NOT_FOR_US, signal.SIGPIPE, signal.SIGXFSZ):  # what is ignored here would be in the browser
            signal.signal(number, signal.SIG_DFL)
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)
        if os.getppid() != guardian:  # it was killed before the line was armed
            os._exit(1)
        os.dup2(lifeline, 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        for descriptor, source in enumerate([fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, 10) for pipe in pipes], 3):
            os.dup2(source, descriptor)
        os.closerange(3 + len(pipes), 10)
        os.execv(command[0], command)  # noqa: S606 - the command line is ours
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _say(**fields: int) -> None:
    try:
        os.write(1, (json.dumps(fields) + "\n").encode())
    except BrokenPipeError:
        return  # the harness is gone; what is left to do does not need it


def _wait(pid: int) -> int:
    """The browser's exit code, as soon as it ended or had to be killed; nothing of its group runs on."""
    child = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(child, select.POLLIN)
    poller.register(0, select.POLLIN | select.POLLHUP)
    while True:
        ready = [descriptor for descriptor, _ in poller.poll()]
        if child in ready or not os.read(0, 4096):
            _kill_group(pid)  # before its leader is reaped, or the id could be another group's by now
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _harness_is_gone() -> bool:
    return bool(select.select([0], [], [], 0)[0]) and not os.read(0, 4096)


def _kill_group(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)  # alone, where it has not come to make its group yet
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nothing of the group is left


def _remove(profile: str) -> None:
    deadline = time.monotonic() + 5
    while True:
        shutil.rmtree(profile, ignore_errors=True)
        if not os.path.exists(profile) or time.monotonic() > deadline:  # noqa: PTH110 - keeps the guardian light
            return
        time.sleep(0.02)


def main() -> int:
    """Guard one browser until it or the harness ends."""
    profile, command = sys.argv[1], sys.argv[3:]
    pipes = [] if sys.argv[2] == "-" else [int(number) for number in sys.argv[2].split(",")]
    first = 3
    for kept in [*sorted(pipes), os.sysconf("SC_OPEN_MAX")]:  # uvloop lets a child inherit more than what it was given
        os.closerange(first, kept)
        first = kept + 1
    for number in _NOT_FOR_US:
        signal.signal(number, signal.SIG_IGN)
    if _harness_is_gone():  # it was killed while this program began: a browser would only have to be killed, too
        _remove(profile)
        return 0
    pid = _start(command, pipes)
    _say(pid=pid)
    code = _wait(pid)
    _remove(profile)
    _say(exit=code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
