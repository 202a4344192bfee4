"""The guardian of one browser process: a small program between the harness and Chromium, standard library only.

    python -I -S guardian.py PROFILE_FOLDER BROWSER ARGUMENT…

It starts the browser in a process group of its own with a parent-death signal, tells its process id on standard output as
one JSON line, and waits. When the browser ends, or when standard input reaches its end (the harness closed it, died, or
was killed with -9), it kills the whole group, removes the profile folder, tells the exit code and ends. So no way of
dying of the harness leaves a browser or a profile behind; should the guardian itself be killed, the kernel kills the
browser (prctl(2), PR_SET_PDEATHSIG), and the next start sweeps the folder.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1


def _start(command: list[str]) -> int:
    guardian = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        if sys.platform == "linux":
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != guardian:
                os._exit(1)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 1)
        os.execv(command[0], command)  # noqa: S606 - the command line is ours
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _say(**fields: int) -> None:
    try:
        os.write(1, (json.dumps(fields) + "\n").encode())
    except BrokenPipeError:
        return  # the harness is gone; what is left to do does not need it


def _exit_code(status: int) -> int:
    return os.waitstatus_to_exitcode(status)


def _wait(pid: int) -> int:
    """The browser's exit code, as soon as it ended or had to be killed."""
    child = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(child, select.POLLIN)
    poller.register(0, select.POLLIN | select.POLLHUP)
    while True:
        ready = [descriptor for descriptor, _ in poller.poll()]
        if child in ready:
            return _exit_code(os.waitpid(pid, 0)[1])
        if not os.read(0, 4096):
            _kill_group(pid)
            return _exit_code(os.waitpid(pid, 0)[1])


def _kill_group(pid: int) -> None:
    try:
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
    profile, command = sys.argv[1], sys.argv[2:]
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pid = _start(command)
    _say(pid=pid)
    code = _wait(pid)
    _kill_group(pid)
    _remove(profile)
    _say(exit=code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
