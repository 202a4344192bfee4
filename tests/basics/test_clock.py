import pytest

from harness.basics.clock import FakeClock, SystemClock


def test_the_fake_clock_moves_only_when_told_and_both_readings_move_together() -> None:
    clock = FakeClock(start_ns=5_000_000_000)
    assert (clock.wall_ns(), clock.monotonic_ns()) == (5_000_000_000, 0)
    clock.advance(1.5)
    assert (clock.wall_ns(), clock.monotonic_ns()) == (6_500_000_000, 1_500_000_000)


def test_the_fake_clock_does_not_go_back() -> None:
    clock = FakeClock()
    with pytest.raises(ValueError, match="go back"):
        clock.advance(-0.001)
    assert clock.monotonic_ns() == 0


def test_the_monotonic_clock_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.monotonic_ns() for _ in range(100)]
    assert readings == sorted(readings)
    assert clock.wall_ns() > 1_600_000_000 * 10**9
