"""Secrets travel by reference and print as `Secret(name)`; `reveal` is called where the value enters the browser."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from harness.basics.errors import UsageError
from harness.basics.failures import Cause


class Secret:
    """A value that must never be written; equality and hashing are by name, printing shows the name alone."""

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        """The value itself; for the redactor's list and the call that puts it on a page."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not serialised")


def _unusable(reference: str, why: str, todo: str) -> UsageError:
    return UsageError(f"secret {reference!r} cannot be read", why=why, todo=todo, cause=Cause.SECRET_UNAVAILABLE)


def resolve_secret(reference: str, *, provided: dict[str, str] | None = None, base: Path | None = None) -> Secret:
    """Read a secret by its reference: `env:NAME`, `file:PATH` (relative to `base`) or `site:ACCOUNT` (from `provided`).

    Raises UsageError when the reference is malformed, the value is missing or empty, or a file is open to others
    (mode must give nothing to group and others, and belong to this user).
    """
    kind, _, rest = reference.partition(":")
    match kind:
        case "env" if rest:
            value = os.environ.get(rest, "")
            if not value:
                raise _unusable(reference, f"environment variable {rest} is not set or empty", f"export {rest}=…")
            if any("\ud800" <= character <= "\udfff" for character in value):  # how Python keeps bytes that are no text
                raise _unusable(reference, f"environment variable {rest} is not UTF-8 text", "set it to UTF-8 text")
            return Secret(reference, value)
        case "file" if rest:
            return Secret(reference, _read_closed_file(reference, (base or Path()) / rest))
        case "site" if rest:
            if provided is None or rest not in provided:
                raise _unusable(
                    reference, "the built-in site has no such account", "use one of its accounts, or env:NAME"
                )
            return Secret(reference, provided[rest])
        case _:
            # Not shown: whoever wrote it may have written the secret itself.
            raise UsageError(
                "a secret cannot be read",
                why="its reference, not shown here, is none",
                todo="in [[credentials]], give `secret` as env:NAME, file:PATH or site:ACCOUNT",
                cause=Cause.SECRET_UNAVAILABLE,
            )


def _read_closed_file(reference: str, path: Path) -> str:
    try:
        # Not blocking: opening a pipe would wait for somebody to write into it.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _unusable(reference, f"{path} is no regular file", "name a regular file with mode 600")
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid != os.getuid():
                raise _unusable(
                    reference, "the file is open to other users or belongs to one", f"chmod 600 {path} and own it"
                )
            value = file.read(65_537)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or str(error)
        raise _unusable(reference, why, f"create {path} with mode 600") from error
    if len(value) > 65_536:
        raise _unusable(reference, "the file is larger than 64 KiB", "keep the secret alone in the file")
    try:
        text = value.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise _unusable(reference, "the file is not UTF-8 text", "store the secret as UTF-8 text") from error
    if not text:
        raise _unusable(reference, "the file is empty", "write the secret into it")
    return text
