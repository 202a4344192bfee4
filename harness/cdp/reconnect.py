"""Reconnecting to the same browser: `tenacity` runs the loop, our wait functions decide, every decision is an event."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable

import anyio
import tenacity

from harness.cdp.errors import BrowserGoneError, ConnectFailedError
from harness.cdp.reconnect_coordinator import ReconnectCoordinator
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.waits import WaitRule
from harness.cdp.transport import Transport
from harness.telemetry.pipeline import Log

__all__ = ["BrowserGoneError", "ReconnectPolicy", "Reconnector"]

Sleep = Callable[[float], Awaitable[None]]


class Reconnector:
    """Tries one endpoint again until it answers, its browser is gone, or attempts or time are spent.

    With a coordinator each attempt waits for its leave; without one the wait function of the policy's jitter decides.
    """

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
        coordinator: ReconnectCoordinator | None = None,
        sleep: Sleep = anyio.sleep,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._policy, self._coordinator = policy, coordinator
        self._ids = {"browser_id": browser_id, "cohort": cohort, "scheme": policy.scheme}
        self._rule = WaitRule(policy, index=cohort_index, known=cohorts, random=rng, gated=coordinator is not None)
        self._log, self._sleep, self._wall_s = log, sleep, wall_s

    def _decide(self, attempt: int, wait: float, cause: str, outcome: str, detail: str = "", **fields: str) -> None:
        self._log.info(
            "reconnect.decision",
            attempt=attempt,
            wait_s=round(wait, 4),
            cause=cause,
            outcome=outcome,
            detail=detail,
            **self._ids,
            **fields,
        )

    async def reconnect(
        self, connect: Callable[[], Awaitable[Transport]], cause: str, endpoint: str = ""
    ) -> tuple[Transport, int]:
        """A new transport and the number of attempts it took; `endpoint` is what the coordinator knows it by.

        Raises ConnectFailedError when the attempts or the time are spent, BrowserGoneError as soon as `connect` does.
        """
        attempts = 0
        try:
            with anyio.move_on_after(self._policy.give_up_s):
                first_wait_s = self._rule.first_s(self._wall_s())
                self._decide(0, first_wait_s, cause, "first wait", endpoint=endpoint)
                await self._sleep(first_wait_s)
                async for attempt in self._attempts(cause, endpoint):
                    with attempt:
                        attempts = attempt.retry_state.attempt_number
                        transport = await self._try(connect, attempts, cause, endpoint)
                        self._decide(attempts, 0.0, cause, "connected", endpoint=endpoint)
                        return transport, attempts
            raise ConnectFailedError(
                f"the endpoint {endpoint} did not answer in time", why=f"{self._policy.give_up_s:g} s are spent"
            )
        except ConnectFailedError as error:
            self._decide(attempts, 0.0, cause, "gave up", str(error), endpoint=endpoint)
            raise
        except BrowserGoneError as error:
            self._decide(attempts, 0.0, cause, "browser gone", str(error), endpoint=endpoint)
            raise

    def _attempts(self, cause: str, endpoint: str) -> tenacity.AsyncRetrying:
        def wait_s(state: tenacity.RetryCallState) -> float:
            return self._rule.next_s(state.attempt_number, self._wall_s())

        def before_sleep(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            self._decide(state.attempt_number, state.upcoming_sleep, cause, "retry", str(error), endpoint=endpoint)

        return tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self._policy.attempts),
            wait=wait_s,
            retry=tenacity.retry_if_exception_type(ConnectFailedError),
            sleep=self._sleep,
            before_sleep=before_sleep,
            reraise=True,
        )

    async def _try(
        self, connect: Callable[[], Awaitable[Transport]], attempt: int, cause: str, endpoint: str
    ) -> Transport:
        if self._coordinator is None:
            return await connect()
        asked_s = anyio.current_time()
        async with self._coordinator.admission(endpoint) as role:
            waited_s = anyio.current_time() - asked_s
            self._decide(attempt, waited_s, cause, "admitted", endpoint=endpoint, role=role)
            return await connect()
