from harness.coordination.contention import Contention


def test_figures_are_kept_by_kind_and_told_in_order() -> None:
    contention = Contention()
    contention.of("session").acquires += 2
    contention.of("credential").timeouts += 1
    contention.of("session").acquires += 1
    assert [(kind, figures.acquires, figures.timeouts) for kind, figures in contention] == [
        ("credential", 0, 1),
        ("session", 3, 0),
    ]
