"""Reconnecting to the same browser: `tenacity` runs the loop, our wait functions decide, every decision is an event."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Annotated

import anyio
import msgspec
import tenacity
from msgspec import Meta

from harness.cdp.backoff import Jitter, stagger_s, wait_s
from harness.cdp.errors import ConnectFailedError
from harness.cdp.transport import Transport
from harness.telemetry.pipeline import Log

Sleep = Callable[[float], Awaitable[None]]


class ReconnectPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a cohort reconnects. Seconds; `attempts` bounds the tries on one browser, `restarts_per_hour` what follows."""

    jitter: Jitter = "full"
    base_s: Annotated[float, Meta(ge=0, le=3600)] = 0.1
    cap_s: Annotated[float, Meta(ge=0, le=3600)] = 5.0
    attempts: Annotated[int, Meta(ge=1, le=1000)] = 8
    connect_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 2.0
    stagger_window_s: Annotated[float, Meta(ge=0, le=3600)] = 0.5
    restarts_per_hour: Annotated[int, Meta(ge=0, le=1000)] = 20


class BrowserGoneError(Exception):
    """The process behind the endpoint is dead: no attempt can succeed."""


class Reconnector:
    """Tries one endpoint again until it answers, its browser is gone, or the attempts are spent."""

    def __init__(
        self,
        policy: ReconnectPolicy,
        *,
        browser_id: str,
        cohort: str,
        cohort_index: int,
        cohorts: int,
        log: Log,
        rng: random.Random,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self._policy = policy
        self._ids = {"browser_id": browser_id, "cohort": cohort}
        self._offset_s = stagger_s(cohort_index, cohorts, policy.stagger_window_s)
        self._log, self._rng, self._sleep = log, rng, sleep
        self._previous_s = policy.base_s

    def _wait(self, state: tenacity.RetryCallState) -> float:
        policy = self._policy
        self._previous_s = wait_s(
            policy.jitter,
            state.attempt_number,
            self._previous_s,
            base_s=policy.base_s,
            cap_s=policy.cap_s,
            random=self._rng,
        )
        return self._previous_s

    def _decide(self, attempt: int, wait: float, cause: str, outcome: str, detail: str = "") -> None:
        self._log.info(
            "reconnect.decision",
            attempt=attempt,
            wait_s=round(wait, 4),
            cause=cause,
            outcome=outcome,
            detail=detail,
            **self._ids,
        )

    async def reconnect(self, connect: Callable[[], Awaitable[Transport]], cause: str) -> tuple[Transport, int]:
        """A new transport and the number of attempts it took.

        Raises ConnectFailedError when the attempts are spent, BrowserGoneError as soon as `connect` does.
        """

        def before_sleep(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            self._decide(state.attempt_number, state.upcoming_sleep, cause, "retry", str(error))

        self._previous_s = self._policy.base_s
        first_wait_s = self._offset_s + self._rng.uniform(0.0, self._policy.base_s)
        self._decide(0, first_wait_s, cause, "first wait")
        await self._sleep(first_wait_s)
        attempts = 0
        try:
            async for attempt in tenacity.AsyncRetrying(
                stop=tenacity.stop_after_attempt(self._policy.attempts),
                wait=self._wait,
                retry=tenacity.retry_if_exception_type(ConnectFailedError),
                sleep=self._sleep,
                before_sleep=before_sleep,
                reraise=True,
            ):
                with attempt:
                    attempts = attempt.retry_state.attempt_number
                    transport = await connect()
        except ConnectFailedError as error:
            self._decide(attempts, 0.0, cause, "gave up", str(error))
            raise
        except BrowserGoneError as error:
            self._decide(attempts, 0.0, cause, "browser gone", str(error))
            raise
        self._decide(attempts, 0.0, cause, "connected")
        return transport, attempts
