from __future__ import annotations

import msgspec
import pytest

from harness.testing.sim_browser.faults import AT_START, KINDS, OF_NAVIGATIONS, OF_PAGES, Fault, random_faults


def test_a_script_follows_from_its_seed_and_another_seed_brings_another() -> None:
    kinds = ("socket_drop", "renderer_crash", "no_headers", "slow_reply")
    assert random_faults(7, 20, kinds) == random_faults(7, 20, kinds)
    assert random_faults(7, 20, kinds) != random_faults(8, 20, kinds)


def test_a_script_strikes_different_commands_in_order_and_navigations_at_navigations() -> None:
    faults = random_faults(1, 30, KINDS, at="Runtime.evaluate", among=50)
    places = [fault.nth for fault in faults]
    assert places == sorted(set(places))
    assert places[-1] <= 50
    assert {fault.at for fault in faults if fault.kind in OF_NAVIGATIONS} == {"Page.navigate"}
    assert all(fault.seconds > 0 for fault in faults if fault.kind in {"slow_reply", "freeze"})


def test_the_groups_of_faults_do_not_overlap_and_name_real_kinds() -> None:
    groups = [AT_START, OF_NAVIGATIONS, OF_PAGES]
    assert sum(map(len, groups)) == len(frozenset().union(*groups))
    assert frozenset().union(*groups) <= set(KINDS)


@pytest.mark.parametrize(
    "wrong", [b'{"kind":"socket_dorp"}', b'{"kind":"freeze","nth":0}', b'{"kind":"freeze","when":1}']
)
def test_a_fault_as_data_is_refused_where_it_is_misspelt(wrong: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=Fault)


def test_a_fault_goes_through_json_and_comes_back() -> None:
    fault = Fault(kind="net_error", at="Page.navigate", nth=3, detail="net::ERR_TIMED_OUT", start=0)
    assert msgspec.json.decode(msgspec.json.encode(fault), type=Fault) == fault
