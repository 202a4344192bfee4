from __future__ import annotations

import asyncio
import math
import random

import pytest

from harness.cdp.errors import ConnectFailedError
from harness.cdp.reconnect_coordinator import ReconnectCoordinator
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.simulation import Outage, Recovery, bounded, peak, simulate
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink

FREE = {"host_retries_per_min": 0.0, "fleet_retries_per_min": 0.0}


def recovery(policy: ReconnectPolicy, outage: Outage, seed: int = 1) -> Recovery:
    return simulate(policy, outage, random.Random(seed))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("outage_s", [5.0, 60.0])
@pytest.mark.parametrize(("workers", "hosts"), [(10, 1), (100, 1), (1_000, 1), (1_000, 4)])
def test_the_default_policy_beats_every_line_that_was_set(workers: int, hosts: int, outage_s: float, seed: int) -> None:
    policy = ReconnectPolicy()
    found = recovery(policy, Outage(workers, outage_s, hosts=hosts), seed)
    rate = policy.fleet_release_per_s
    assert found.back == workers
    assert found.peak <= max(2, 1.5 * rate / 10)
    assert found.attempts_per_worker <= 1.1
    assert found.t99_s <= 2 + 1.1 * workers / rate
    assert found.probes_bounded
    assert found.probes <= 5 + 75 / 60 * (outage_s + 1)


@pytest.mark.parametrize("jitter", ["none", "full", "equal", "decorrelated"])
def test_each_jitter_by_itself_storms_a_large_fleet(jitter: str) -> None:
    policy = ReconnectPolicy(scheme="alone", jitter=jitter, **FREE)  # type: ignore[arg-type]
    found = recovery(policy, Outage(1_000, 5.0))
    assert found.peak > 300
    assert found.attempts_per_worker > 5


def test_slots_keep_the_rate_without_a_coordinator() -> None:
    policy = ReconnectPolicy(scheme="cohort-slots", fleet_size=1_000, **FREE)
    found = recovery(policy, Outage(1_000, 60.0, hosts=7))
    assert found.back == 1_000
    assert found.peak <= 20
    assert found.t100_s <= 22


def test_a_seed_gives_the_same_recovery_and_another_seed_another_one() -> None:
    policy, outage = ReconnectPolicy(scheme="alone", **FREE), Outage(50, 5.0)
    assert recovery(policy, outage, 4) == recovery(policy, outage, 4)
    assert recovery(policy, outage, 4) != recovery(policy, outage, 5)


def test_who_is_not_back_within_the_horizon_is_missing() -> None:
    found = recovery(ReconnectPolicy(), Outage(100, 5.0, horizon_s=1.0))
    assert 0 < found.back < 100
    assert found.t100_s == math.inf


def test_a_full_backlog_costs_a_deadline() -> None:
    policy = ReconnectPolicy(scheme="alone", jitter="none", base_s=0.0, cap_s=0.0, stagger_window_s=0.0, **FREE)
    found = recovery(policy, Outage(30, 0.0, noticed_within_s=0.0))
    assert (found.back, found.worker_attempts) == (30, 30 + 19 + 8)  # 11 find room each time: one served, ten waiting
    assert found.t100_s == pytest.approx(2 * policy.connect_timeout_s + 0.08)


def test_the_peak_is_sought_in_every_window() -> None:
    assert peak([]) == 0
    assert peak([0.0, 0.09, 0.1, 0.11, 0.18]) == 4
    assert peak([0.0, 0.1, 0.2]) == 1


def test_a_stretch_with_too_many_probes_is_found() -> None:
    assert bounded([0.0] * 5)
    assert not bounded([0.0] * 6)
    assert bounded([number * 0.8 for number in range(500)])
    assert not bounded([number * 0.7 for number in range(500)])


class LoopbackServer:
    """A real listener that serves one connection after the other; `up` tells whether it is there."""

    def __init__(self) -> None:
        self.up = False
        self.asked = 0
        self.served = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served += 1
        writer.write(b"hello\n")
        await writer.drain()
        await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_real_clients_of_a_real_server_try_as_often_as_the_simulation_says() -> None:
    """20 clients, two failed probes: the counts of attempts agree, whatever the machine's speed."""
    clients, failing = 20, 2
    policy = ReconnectPolicy(base_s=0.01, release_per_s=200.0)
    server = LoopbackServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    log = Telemetry(ListSink(), run_id="run-test").log
    coordinator = ReconnectCoordinator(policy, log=log, rng=random.Random(1))
    tried: dict[str, int] = {"probe": 0, "release": 0}
    writers: list[asyncio.StreamWriter] = []

    async def connect(role: str) -> None:
        tried[role] += 1
        server.asked += 1
        if server.asked <= failing:
            raise ConnectFailedError("refused", why="the server is not there yet")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        assert await reader.readline() == b"hello\n"

    async def client() -> None:
        while True:
            try:
                async with coordinator.admission(f"127.0.0.1:{port}") as role:
                    await connect(role)
                return
            except ConnectFailedError:
                continue

    async with asyncio.TaskGroup() as tasks:
        for number in range(clients):
            tasks.create_task(client(), name=f"client {number}")
    listener.close()
    for writer in writers:
        writer.close()
        await writer.wait_closed()
    await listener.wait_closed()

    outage_s = 0.02  # by the policy, probes of the simulation fail at about 0.005 and 0.015 s
    simulated = recovery(policy, Outage(clients, outage_s, capacity_per_s=1000.0, noticed_within_s=0.0))
    assert server.served == simulated.back == clients
    assert tried["release"] == simulated.worker_attempts == clients - 1
    assert tried["probe"] == failing + 1
    assert simulated.probes == pytest.approx(tried["probe"], abs=2)
