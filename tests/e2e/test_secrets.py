"""Two workers clip two secrets at the same time, 200 rounds; none is pasted wrong, none is found in the run folder,
although the profile and the maps hold them where nobody should have written them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

ROUNDS = 100
"""Each of the two workers; together 200."""

LAB = """
# my password is SECOND
title = "Clipboard lab"
[run]
workers = 2
browsers = 1
lock_timeout_s = 30
spin_timeout_s = 90
[site]
builtin = true
[criteria]
p95_default_ms = 80000
[[credentials]]
name = "first"
site = "lab"
account = "first"
secret = "env:LAB_FIRST"
[[credentials]]
name = "second"
site = "lab"
account = "second"
secret = "env:LAB_SECOND"
[[paths]]
name = "first"
map = "first.json"
credentials = ["first"]
bind = { FIRST = "secret" }
[[paths]]
name = "second"
map = "second.json"
credentials = ["second"]
"""


def lab_map(secret: str, entered: dict[str, str] | str) -> dict[str, Any]:
    """Open the lab, then clip and paste ROUNDS times; the page shows the digest of what it read and how often. The secret
    stands in the title, too, as the title of a recorded page would show it."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    steps: list[dict[str, Any]] = [{"id": "open", "action": "navigate", "url": "/clipboard-lab"}]
    for number in range(1, ROUNDS + 1):
        shown = f"d.digest === '{digest}' && d.count === '{number}'"
        steps += [
            {"id": f"clip-{number}", "action": "clip", "text": entered},
            {
                "id": f"paste-{number}",
                "action": "paste",
                "on": "#paste",
                "verify": {"exit": [{"expression": f"(d => {shown})(document.querySelector('#digest').dataset)"}]},
            },
        ]
    return {
        "format": "harness-map",
        "version": 1,
        "title": f"Lab of {secret}",
        "phases": [{"name": "Lab", "steps": steps}],
    }


def forms(secret: str) -> set[bytes]:
    """Plain, URL-encoded, JSON-escaped, and what base64 shows of it in each of its three alignments."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"x" * shift + raw)
        start, end = (0, 2, 3)[shift], len(encoded) - 4
        found.add(encoded[start:end])
        found.add(encoded[start:end].replace(b"+", b"-").replace(b"/", b"_"))
    return found


def test_two_workers_clip_two_secrets_for_200_rounds_without_a_wrong_paste_or_a_trace(harness: Any) -> None:
    values = {"LAB_FIRST": f"s3cr3t/{secrets.token_hex(12)}+&1", "LAB_SECOND": f'0ther={secrets.token_hex(12)}"?2'}
    first, second = values.values()
    (harness.folder / "first.json").write_text(json.dumps(lab_map(first, first)))
    (harness.folder / "second.json").write_text(json.dumps(lab_map(second, {"credential": "secret"})))
    profile: Path = harness.folder / "lab.toml"
    profile.write_text(LAB.replace("FIRST =", f"{json.dumps(first)} =").replace("SECOND", second, 1))
    ended = harness("run", "--mode", "parallel", "--profile", str(profile), "--json", **values)
    assert ended.code == 0, ended.out + ended.err

    pasted = [event for event in harness.events("step.completed") if event["fields"]["action"] == "paste"]
    assert len(pasted) == 2 * ROUNDS
    assert {event["fields"]["outcome"] for event in pasted} == {"ok"}
    assert {event["fields"]["attempt"] for event in pasted} == {1}
    assert {event["worker_id"] for event in pasted} == {"w1", "w2"}
    assert any(event["fields"]["scope_kind"] == "clipboard" for event in harness.events("lock.contended"))
    used = [event["fields"]["reference"] for event in harness.events("secret.used")]
    assert sorted(set(used)) == ["first", "second"]

    files = [path for path in harness.run_folder().rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        content = path.read_bytes()
        for secret in values.values():
            for form in forms(secret):
                assert form not in content, f"{path} holds a secret"
    for secret in values.values():
        assert secret not in ended.out + ended.err

    manifest = json.loads((harness.run_folder() / "manifest.json").read_text())
    assert {copy["file"]: copy["redacted"] for copy in manifest["copies"]} == {
        "profile.toml": True,
        "maps/first.json": True,
        "maps/second.json": True,
    }
    again = harness("evaluate", str(harness.run_folder()), "--json")
    assert (again.code, again.json["damaged"]) == (0, False), again.out + again.err


@pytest.mark.parametrize(
    ("change", "secret"),
    [
        (lambda text: text.replace("builtin = true", 'origin = "https://me:hunter2@127.0.0.1"'), "hunter2"),
        (
            lambda text: text.replace("FIRST =", '"typed" =').replace('"typed" = "secret"', '"typed" = "hunter2"'),
            "hunter2",
        ),
        (lambda text: text.replace("env:LAB_SECOND", "hunter2"), "hunter2"),
        (lambda text: text.replace('name = "second"\nmap', 'name = "s3cond"\nmap'), "s3cond"),
    ],
    ids=["an origin with a password", "bound to a password", "a password for a reference", "a path named like it"],
)
def test_what_cannot_be_cut_out_is_refused_unseen_before_there_is_a_folder(
    harness: Any, change: Any, secret: str
) -> None:
    values = {"LAB_FIRST": "correct horse", "LAB_SECOND": "s3cond"}
    (harness.folder / "first.json").write_text(json.dumps(lab_map("x", "correct horse")))
    (harness.folder / "second.json").write_text(json.dumps(lab_map("x", {"credential": "secret"})))
    profile: Path = harness.folder / "lab.toml"
    profile.write_text(change(LAB).replace("FIRST =", '"correct horse" ='))
    ended = harness("run", "--profile", str(profile), **values)
    assert ended.code == 2, ended.out + ended.err
    assert len(ended.err.strip().splitlines()) == 3
    assert secret not in ended.out + ended.err
    assert not harness.runs.exists()
