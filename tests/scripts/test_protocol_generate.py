"""What is committed is what is generated, and stays so. What it does is tested in tests/cdp/test_domains.py."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from scripts.checks.findings import ROOT
from scripts.checks.protocol_domains import check
from scripts.protocol.description import Protocol
from scripts.protocol.generate import DOMAINS, differences, generate, main, write
from scripts.protocol.render import Module
from scripts.protocol.source import FOLDER


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in (FOLDER, DOMAINS):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def rendered(*domains: object) -> str:
    protocol = Protocol([msgspec.json.encode({"domains": domains})])
    return Module(protocol, protocol.domains[-1], "0").text()


def test_the_committed_modules_are_what_is_generated_and_twice_the_same() -> None:
    assert list(differences(ROOT)) == []
    assert generate(ROOT) == generate(ROOT)


def test_an_edit_by_hand_is_found_and_undone(checkout: Path) -> None:
    folder = checkout / DOMAINS
    text = (folder / "page.py").read_text()
    (folder / "page.py").write_text(text.replace("Navigates", "Steers"))
    (folder / "io.py").unlink()
    (folder / "mine.py").write_text("")
    found = {finding.path: finding.text for finding in check(checkout)}
    assert found == {
        f"{DOMAINS}/io.py": "does not exist; scripts/generate_protocol",
        f"{DOMAINS}/page.py": "is not what is generated; scripts/generate_protocol",
        f"{DOMAINS}/mine.py": "is not generated; scripts/generate_protocol",
    }
    assert sorted(write(checkout)) == sorted(found)
    assert list(check(checkout)) == []
    assert (folder / "page.py").read_text() == text


def test_the_command_says_what_it_did_or_why_it_could_not(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scripts.protocol.generate.ROOT", checkout)
    assert main(["--check"]) == 0
    (checkout / DOMAINS / "io.py").write_text("")
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert f"generated: {DOMAINS}/io.py\n" in capsys.readouterr().out
    assert main(["--pin", "latest"]) == 1
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--pin", "0.0.1"]) == 4
    what, why, do = capsys.readouterr().err.splitlines()[-3:]
    assert (what, "npm" in why, do.startswith("  do:  ")) == ("error: nothing was generated", True, True)
    assert main(["--check"]) == 0


def test_a_description_that_is_not_the_pinned_one_is_found(checkout: Path) -> None:
    (checkout / FOLDER / "LICENSE").write_text("other terms")
    (finding,) = check(checkout)
    assert "not the pinned" in finding.text


def test_words_are_literal_where_they_are_sent_and_text_where_they_are_told() -> None:
    kind = {"id": "Kind", "type": "string", "enum": ["a", "b"]}
    item = {"name": "kind", "$ref": "Kind"}
    command = {
        "name": "go",
        "parameters": [{"name": "what", "$ref": "In"}],
        "returns": [{"name": "out", "$ref": "Out"}],
    }
    text = rendered(
        {
            "domain": "D",
            "types": [kind, *({"id": name, "type": "object", "properties": [item]} for name in ("In", "Out"))],
            "commands": [command],
        }
    )
    sent, told = text.split("class In(")[1].split("class Out(")
    assert "kind: Kind" in sent
    assert "kind: str" in told
    assert "One of `a`, `b`." in told
    assert 'Kind: TypeAlias = Literal["a", "b"]' in text
    assert "    Kind = str" in text


@pytest.mark.parametrize(
    ("commands", "parameters"), [(["go"], ["aB", "a_b"]), (["go"], ["given"]), (["goOn", "GoOn"], [])]
)
def test_two_things_of_one_name_are_refused(commands: list[str], parameters: list[str]) -> None:
    fields = [{"name": name, "type": "any"} for name in parameters]
    with pytest.raises(ValueError, match=r"two (things|fields)"):
        rendered({"domain": "D", "commands": [{"name": name, "parameters": fields} for name in commands]})
