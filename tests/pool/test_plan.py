from __future__ import annotations

import pytest

from harness.pool.plan import SpinNaming


@pytest.mark.parametrize(
    ("naming", "outlives"),
    [(SpinNaming(), False), (SpinNaming("x-spin"), False), (SpinNaming("x-spin", "spin"), True)],
)
def test_only_a_cookie_names_a_spin_beyond_its_session(naming: SpinNaming, outlives: bool) -> None:
    assert naming.outlives_the_session is outlives
