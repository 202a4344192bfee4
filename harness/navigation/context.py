"""What a step is given: the page, the spin's credential, scopes to hold, a place for artefacts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from harness.basics.failures import Cause
from harness.basics.secret import Secret
from harness.navigation.errors import PathUnusableError
from harness.navigation.map import Step
from harness.navigation.page import Page
from harness.telemetry.pipeline import Log


@dataclass(frozen=True)
class CredentialValues:
    """The identity of this spin; `reference` is what may be logged."""

    reference: str
    site: str
    account: str
    secret: Secret


class Holds(Protocol):
    """Scopes that outlive a step: taken by one, given back by another, or at the end of the spin."""

    def holding(self, kind: str) -> bool:
        """Whether this spin holds the scope now."""
        ...

    async def take(self, kind: str) -> None:
        """Take the scope of this kind for the spin; waits in the queue."""
        ...

    async def give_back(self, kind: str) -> None:
        """Clear what the scope protects, and give it back."""
        ...


@dataclass
class StepContext:
    """The world of one spin, as its steps see it.

    restore: get the page back after a lost connection (new leases, session attached again); commit: await the durability
    of audit events; save: store an artefact and return its name inside the run folder.
    """

    page: Page
    log: Log
    holds: Holds
    restore: Callable[[], Awaitable[None]]
    commit: Callable[[], Awaitable[None]]
    save: Callable[[str, bytes], str]
    credential: CredentialValues | None = None
    timeout_s: float = 5.0

    def text(self, step: Step) -> str:
        """The text that the step enters: its literal, the account, or the secret, whose use is audited.

        The value is for the page alone: never log it, never put it into an error.
        """
        text = step.text
        if text is None:
            raise PathUnusableError(f"step {step.id} has no text", cause=Cause.STEP_INVALID)
        if text.literal is not None:
            return text.literal
        if self.credential is None:
            raise PathUnusableError(
                f"step {step.id} needs a credential",
                why="the work item has none",
                todo="give the path credentials in the profile",
                cause=Cause.SECRET_UNAVAILABLE,
            )
        if text.credential == "account":
            return self.credential.account
        self.log.info("secret.used", reference=self.credential.reference, action=step.action)
        return self.credential.secret.reveal()
