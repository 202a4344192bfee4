"""What a start says when the machine lacks something, and that a finished set-up is not repeated.

A real set-up takes packages from an index; `.ci/run` does one on each clean checkout. Here the checkout is a copy with
stand-ins for Python, so that nothing is installed.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "cat", "dirname", "flock", "grep", "head", "id", "mkdir", "mktemp", "mv", "rm", "sha256sum", "tail")

# Makes a venv whose python writes down how it was called; `pip install` fails where the checkout holds `pip-fails`.
PYTHON = """#!{bash}
case "$*" in
  -) echo "yes 3.11.9 $0" ;;
  "-m venv "*) mkdir -p "$3/bin"; echo "version = 3.11.9" >"$3/pyvenv.cfg"; cp "$0" "$3/bin/python"
    printf '#!{bash}\\necho "harness $*"\\n' >"$3/bin/harness"; chmod +x "$3/bin/harness" ;;
  "-m pip install"*) [[ ! -e "{checkout}/pip-fails" ]] || {{ echo "ERROR: no such package"; exit 1; }}
    echo "$*" >>"{checkout}/calls" ;;
esac
"""


class Checkout:
    """A copy of what a start needs, in a folder with a space in its name, and a PATH of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root / "a checkout"
        self.path = root / "bin"
        self.path.mkdir()
        for tool in (*TOOLS, "cp", "chmod"):
            found = shutil.which(tool)
            if found is None:
                pytest.skip(f"{tool} is not on this machine")
            (self.path / tool).symlink_to(found)
        for name in (
            "scripts/setup.sh",
            "scripts/burn-in",
            "pyproject.toml",
            "requirements/run.txt",
            "requirements/dev.txt",
        ):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)

    def add(self, name: str, text: str = "#!/bin/sh\n") -> Path:
        program = self.path / name
        program.write_text(text)
        program.chmod(0o755)
        return program

    def add_python(self) -> Path:
        return self.add("python3", PYTHON.format(bash=self.path / "bash", checkout=self.root))

    def burn_in(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.path / "bash", self.root / "scripts/burn-in", *arguments],
            env={"PATH": str(self.path), "TMPDIR": os.environ.get("TMPDIR", "/tmp"), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def installs(self) -> int:
        calls = self.root / "calls"
        return len(calls.read_text().splitlines()) if calls.is_file() else 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def said(ended: subprocess.CompletedProcess[str], what: str) -> None:
    """The last three lines say what happened, why and what to do; the code is that of a lacking environment."""
    happened, why, todo = ended.stderr.splitlines()[-3:]
    assert happened.startswith("error: ")
    assert what in happened
    assert why.startswith("  why: ")
    assert todo.startswith("  do:  ")
    assert ended.returncode == 4


def test_without_python_it_says_what_to_do(checkout: Checkout) -> None:
    said(checkout.burn_in(), "no Python 3.11 or newer")


def test_a_python_that_was_asked_for_and_cannot_be_used_is_named(checkout: Checkout) -> None:
    said(checkout.burn_in(HARNESS_PYTHON="/nowhere/python"), "HARNESS_PYTHON=/nowhere/python")


def test_the_second_start_installs_nothing(checkout: Checkout) -> None:
    checkout.add_python()
    checkout.add("chromium")
    assert checkout.burn_in("--json").stdout == "harness burn-in --profile demo --json\n"
    installs = checkout.installs()
    assert installs == 2  # the locked packages, and the project
    assert checkout.burn_in("--profile=soak").stdout == "harness burn-in --profile=soak\n"
    assert checkout.installs() == installs


def test_changed_requirements_are_installed_again(checkout: Checkout) -> None:
    checkout.add_python()
    checkout.add("chromium")
    checkout.burn_in()
    with (checkout.root / "requirements/run.txt").open("a") as file:
        file.write("# changed\n")
    assert checkout.burn_in().returncode == 0
    assert checkout.installs() == 4


def test_a_set_up_that_failed_is_taken_up_by_the_next_start(checkout: Checkout) -> None:
    checkout.add_python()
    checkout.add("chromium")
    (checkout.root / "pip-fails").touch()
    ended = checkout.burn_in()
    said(ended, "cannot install the locked packages")
    assert "ERROR: no such package" in ended.stderr
    (checkout.root / "pip-fails").unlink()
    assert checkout.burn_in().returncode == 0


def test_without_a_browser_it_says_what_to_do(checkout: Checkout) -> None:
    checkout.add_python()
    said(checkout.burn_in(), "no browser was found")


def test_a_browser_that_was_asked_for_and_cannot_be_started_is_named(checkout: Checkout) -> None:
    checkout.add_python()
    said(checkout.burn_in(HARNESS_BROWSER=str(checkout.root)), "HARNESS_BROWSER=")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages of the system")
def test_root_installs_a_browser_where_none_is_found(checkout: Checkout) -> None:
    checkout.add_python()
    calls = checkout.root / "apt-calls"
    checkout.add("apt-get", f"#!{checkout.path / 'bash'}\necho \"$*\" >>'{calls}'\n")
    assert checkout.burn_in().returncode == 0
    assert calls.read_text().splitlines() == [
        "update -q",
        "install -q -y --no-install-recommends chromium-headless-shell",
    ]
