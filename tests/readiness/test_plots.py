import xml.etree.ElementTree as ET

import pytest

from harness.readiness.plots import line_plot, stacked_plot
from harness.readiness.series import Line, Mark, Stack


def test_curves_have_axes_units_a_legend_and_marks() -> None:
    lines = [Line("shop p50", 0, [(1.0, 0.5), (30.0, 1.5)]), Line("shop p95", 0, [(1.0, 0.9)], dashed=True)]
    drawn = line_plot("Latency", lines, x_max=60.0, y_label="duration (s)", marks=[Mark(30.0, "cut b1")])
    texts = [element.text for element in ET.fromstring(drawn).iter("text")]
    for expected in ("duration (s)", "time since the start of work (s)", "shop p50", "shop p95", "injected: cut b1"):
        assert expected in texts


def test_bars_stack_to_the_height_of_their_sum() -> None:
    stacks = [Stack("completed", "good", [30.0, 0.0]), Stack("failed", "bad", [30.0, 0.0])]
    drawn = ET.fromstring(stacked_plot("Throughput", stacks, x_max=4.0, bucket_s=2.0, y_label="per minute"))
    bars = [rect for rect in drawn.iter("rect") if rect.find("title") is not None]
    tops = [float(bar.attrib["y"]) for bar in bars]
    assert len(bars) == 2
    assert tops[0] - tops[1] == pytest.approx(float(bars[1].attrib["height"]), abs=0.2)


def test_nothing_is_drawn_as_words() -> None:
    assert "nothing happened" in stacked_plot("F", [], x_max=1.0, bucket_s=1.0, y_label="n", empty="nothing happened")
    assert "nothing to draw" in line_plot("L", [], x_max=0.0, y_label="s")


def test_counts_have_an_axis_without_fractions() -> None:
    drawn = stacked_plot("F", [Stack("a", "c0", [1.0])], x_max=1.0, bucket_s=1.0, y_label="n", whole=True)
    assert ">0.5<" not in drawn


@pytest.mark.parametrize("hostile", ["</svg><script>alert(1)</script>", "\x1b[31m\u202e", '" onload="x'])
def test_names_cannot_break_out_of_the_drawing(hostile: str) -> None:
    drawn = line_plot(hostile, [Line(hostile, 0, [(0.0, 1.0)])], x_max=1.0, y_label="s", marks=[Mark(0.5, hostile)])
    root = ET.fromstring(drawn.replace("\x1b", ""))
    assert root.tag == "svg"
    assert not list(root.iter("script"))
    assert all("onload" not in element.attrib for element in root.iter())
