from harness.evidence.fields import count, flag, number, table, text
from harness.runfolder.event import Event


def event(**fields: object) -> Event:
    return Event(
        time_ns=1, mono_ns=1, seq=1, channel="domain", event="x", level="info", run_id="r", fields=dict(fields)
    )


def test_fields_of_the_right_type_are_read() -> None:
    made = event(name="a", n=3, share=0.5, on=True, counts={"x": 2})
    assert (text(made, "name"), count(made, "n"), number(made, "share")) == ("a", 3, 0.5)
    assert flag(made, "on")
    assert table(made, "counts") == {"x": 2}


def test_missing_and_strange_fields_are_empty() -> None:
    made = event(name=3, n="three", on="yes", counts=[1], broken={"x": "y"}, truth=True, long=10**400)
    assert (text(made, "name"), text(made, "missing")) == ("", "")
    assert (number(made, "n"), count(made, "missing"), number(made, "truth")) == (0.0, 0, 0.0)
    assert number(made, "long") == 0.0
    assert not flag(made, "on")
    assert table(made, "counts") == {}
    assert table(made, "broken") == {"x": 0}
