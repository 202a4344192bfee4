"""report.html: the verdict for people: one file, no script, no request to anywhere; plots are inline SVG.

Everything shown may come from a page, a site or a profile: it is made inert, then escaped by the template.
"""

from __future__ import annotations

import time
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.evidence.inert import inert
from harness.evidence.reading import Evidence
from harness.readiness import series
from harness.readiness.finding import Status, explain_command, figure
from harness.readiness.plots import line_plot, stacked_plot
from harness.readiness.registry import all_criteria
from harness.readiness.verdict import Verdict

_STATUS_WORDS = {
    Status.PASS.value: "pass",
    Status.FAIL.value: "fail",
    Status.UNKNOWN.value: "not judged",
    Status.NOT_APPLICABLE.value: "not applicable",
}


def render_html(evidence: Evidence, verdict: Verdict) -> bytes:
    """The whole page, UTF-8."""
    report = _inert(verdict.to_dict())
    page = _environment().get_template("report.html.j2")
    return page.render(
        report=report,
        run=report["summary"]["run"],
        facts=_facts(evidence, report),
        titles={criterion.name: criterion.title for criterion in all_criteria()},
        status_words=_STATUS_WORDS,
        plots=_plots(evidence),
    ).encode()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.readiness"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(ms=_ms, mib=_mib, words=_words, explain=explain_command)
    return environment


def _inert(value: Any) -> Any:
    """Report data with every text made inert; keys of tables are texts, too."""
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, dict):
        return {inert(key): _inert(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_inert(item) for item in value]
    return value


def _facts(evidence: Evidence, report: dict[str, Any]) -> list[tuple[str, str]]:
    """What ran, as pairs of name and value."""
    run, spins = report["summary"]["run"], report["summary"]["spins"]
    plan, outcomes = run["plan"], spins["outcomes"]
    started = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(evidence.manifest.started_ns / 1e9))
    planned_s = plan["duration_s"]
    ending = run["ending"]
    facts = [
        ("Mode and profile", f"{run['mode']}, {run['profile']}"),
        ("Started", started),
        ("Worked", f"{run['ran_s']:.1f} s" + (f" of {planned_s:g} s" if planned_s is not None else "")),
        ("Ending", f"{ending['reason']} {ending['detail']}".strip() if ending else "none: the process died"),
        ("Workers", str(plan["workers"])),
        ("Spins", ", ".join(f"{n} {outcome}" for outcome, n in outcomes.items()) or "none ended"),
        ("Throughput", f"{figure(spins['completed_per_min'], 1)} completed spins per minute"),
        ("Events", f"{report['summary']['integrity']['events']:,}"),
    ]
    facts += [
        (
            f"Browser {browser['browser_id']}",
            f"{browser['product']} ({browser['kind']}), {browser['path']}, pid {browser['pid']}"
            + ("" if browser["sandbox"] else ", without sandbox"),
        )
        for browser in run["browsers"]
    ]
    machine = ", ".join(f"{name} {value}" for name, value in run["machine"].items())
    facts.append(("Harness", f"{run['harness_version']}, Python {run['python']}"))
    facts.append(("Machine", inert(machine) or "not told"))
    return facts


def _plots(evidence: Evidence) -> list[tuple[str, str, Markup]]:
    """Title, what it shows, and the drawing."""
    width, marks = series.bucket_s(evidence), series.marks(evidence)
    span_s = width * series.bucket_count(evidence)
    lines = series.latency_lines(evidence)
    plots = [
        (
            "Latency over time",
            f"Completed spins by path, each {width:g} s by when they ended: p50 solid, p95 dashed.",
            line_plot("Latency over time", lines, x_max=span_s, y_label="duration (s)", marks=marks),
        ),
        (
            "Throughput over time",
            f"Spins that ended, by outcome, each {width:g} s.",
            stacked_plot(
                "Throughput over time",
                series.throughput_stacks(evidence),
                x_max=span_s,
                bucket_s=width,
                y_label="spins per minute",
                marks=marks,
                empty="no spin ended",
            ),
        ),
        (
            "Failures by category",
            f"Recorded failures, each {width:g} s; injected faults are marked.",
            stacked_plot(
                "Failures by category",
                series.failure_stacks(evidence),
                x_max=span_s,
                bucket_s=width,
                y_label="failures",
                whole=True,
                marks=marks,
                empty="no failure was recorded",
            ),
        ),
    ]
    memory = series.memory_lines(evidence)
    if memory:
        drawn = line_plot("Memory over time", memory, x_max=span_s, y_label="memory (MiB)", marks=marks)
        plots.append(
            (
                "Memory over time",
                "Resident memory of the harness process, proportional memory (shared pages split) of all its browsers.",
                drawn,
            )
        )
    return plots


def _ms(value: float | None) -> str:
    """Milliseconds for people: 3 significant digits below 100, whole ones above."""
    if value is None:
        return "–"
    return f"{value:.3g}" if value < 100 else figure(value)


def _mib(value: float) -> str:
    return f"{value / 2**20:,.0f} MiB"


def _words(name: str) -> str:
    """A name such as `browser_died` as words."""
    return name.replace("_", " ")
