from harness.pool.modes import Mode


def test_a_mode_is_its_name_and_carries_its_promise() -> None:
    assert Mode("burn-in") is Mode.BURN_IN
    assert str(Mode.FIRST_SPIN) == "first-spin"
    assert all(mode.promise for mode in Mode)
