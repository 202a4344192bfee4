from harness.evidence.sequence import MAX_GAPS_KEPT, Gap, SequenceCheck

CHANNELS = ("operational", "audit")


def check(
    *seqs: int, incarnation: int = 1, channel: str = "operational", into: SequenceCheck | None = None
) -> SequenceCheck:
    made = into or SequenceCheck()
    for seq in seqs:
        made.add(incarnation, seq, channel, seq * 1_000_000_000)
    return made


def test_a_whole_sequence_has_no_gap() -> None:
    made = check(1, 2, 3)
    assert (made.missing, made.disordered, made.gaps) == (0, 0, [])


def test_a_missing_number_is_a_gap() -> None:
    made = check(1, 2, 5, 6)
    assert made.missing == 2
    assert made.gaps == [Gap(1, 3, 4, 2_000_000_000)]


def test_a_sequence_that_does_not_begin_at_one_has_a_gap_before_it() -> None:
    assert check(4).missing == 3


def test_each_incarnation_counts_from_one() -> None:
    made = check(1, 2, into=check(1, 2, 3), incarnation=2)
    assert (made.missing, made.disordered) == (0, 0)


def test_a_repeated_number_is_disorder() -> None:
    assert check(1, 2, 2).disordered == 1
    assert check(1, into=check(1, incarnation=2), incarnation=1).disordered == 1


def test_a_channel_that_ends_before_a_late_gap_explains_it() -> None:
    made = check(1, 2, channel="operational")
    check(4, 5, channel="audit", into=made)
    assert made.missing == 1
    assert made.unflushed(CHANNELS) == 1


def test_a_gap_that_every_channel_goes_beyond_is_not_explained_by_a_kill() -> None:
    made = check(1, 3, channel="operational")
    check(4, channel="audit", into=made)
    check(5, channel="operational", into=made)
    assert made.unflushed(CHANNELS) == 0


def test_a_gap_long_before_the_end_is_not_explained_by_a_kill() -> None:
    made = check(1, channel="operational")
    check(3, *range(4, 60), channel="audit", into=made)
    assert made.missing == 1
    assert made.unflushed(CHANNELS) == 0


def test_a_sequence_full_of_gaps_stays_bounded() -> None:
    made = check(*range(2, 2 * MAX_GAPS_KEPT + 100, 2))
    assert len(made.gaps) == MAX_GAPS_KEPT
    assert made.missing == MAX_GAPS_KEPT + 49
