from __future__ import annotations

from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.basics.exit_codes import ExitCode
from harness.settings.profile import find_profile, load_profile
from harness.settings.shipped import shipped_folder
from harness.settings.toml_struct import MAX_BYTES

SMALLEST = """
title = "smallest"
[site]
builtin = true
[[paths]]
name = "shop"
map = "shop.json"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def refusal(file: Path, text: str | bytes) -> UsageError:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        load_profile(str(file))
    error = caught.value
    assert error.exit_code is ExitCode.USAGE
    assert str(file) in error.what
    assert all(error.lines())
    return error


def keyed(file: Path, text: str) -> tuple[str, str]:
    """The key that is blamed, and what was said of it."""
    error = refusal(file, text)
    assert f"key {error.context['key']} " in error.what
    return error.context["key"], error.why


# --- what loads


def test_the_smallest_profile_has_defaults_for_all_the_rest(file: Path) -> None:
    file.write_text(SMALLEST)
    loaded = load_profile(str(file))
    assert (loaded.name, loaded.file, loaded.text) == ("mine", file, SMALLEST)
    profile = loaded.profile
    assert (profile.run.workers, profile.run.browsers, profile.run.duration_s) == (4, 1, 60.0)
    assert (profile.paths[0].weight, profile.paths[0].attempts, profile.criteria.max_unknown_spins) == (1.0, 2, 0)


@pytest.mark.parametrize("name", sorted(path.stem for path in shipped_folder().glob("*.toml")))
def test_every_shipped_profile_loads_and_its_maps_are_there(name: str) -> None:
    loaded = load_profile(name)
    assert loaded.profile.title
    for path in loaded.profile.paths:
        assert (loaded.file.parent / path.map).is_file()


def test_a_whole_number_of_seconds_is_fine(file: Path) -> None:
    file.write_text(SMALLEST + "[run]\nduration_s = 90\n")
    assert load_profile(str(file)).profile.run.duration_s == 90.0


# --- where it is found


def test_a_profile_here_is_found_before_a_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/demo.toml").write_text(SMALLEST)
    monkeypatch.chdir(tmp_path)
    assert load_profile("demo").profile.title == "smallest"


def test_a_name_with_a_slash_or_an_ending_is_a_path() -> None:
    assert find_profile("some/where") == Path("some/where")
    assert find_profile("mine.toml") == Path("mine.toml")


def test_a_profile_that_is_not_there_is_told_with_the_nearest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        load_profile("dmeo")
    assert "did you mean demo?" in caught.value.why


@pytest.mark.parametrize("name", ["gone.toml", "."])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_profile(str(tmp_path / name))
    assert "cannot be read" in caught.value.what


# --- what is no profile


@pytest.mark.parametrize(
    "text",
    [b"title = ", b"[run\n", b"title = 'x'\ntitle = 'y'", b"\xff\xfe", b"{}", b"x = " + b"[" * 5000 + b"]" * 5000],
)
def test_what_is_not_toml_is_told(file: Path, text: bytes) -> None:
    assert "is not TOML" in refusal(file, text).what


def test_what_is_too_large_is_not_even_parsed(file: Path) -> None:
    assert "too large" in refusal(file, b"#" * (MAX_BYTES + 1)).what


# --- single keys


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        ("titel = 1\n" + SMALLEST, "titel", "did you mean 'title'?"),
        (SMALLEST + "[run]\nworker = 3\n", "run.worker", "did you mean 'workers'?"),
        (SMALLEST + "wieght = 2\n", "paths[0].wieght", "did you mean 'weight'?"),
        (SMALLEST + "[reconnect]\njiter = 'full'\n", "reconnect.jiter", "did you mean 'jitter'?"),
        (SMALLEST + "[criteria.p95_ms.shop]\ntotl = 1\n", "criteria.p95_ms[...].totl", "did you mean 'total'?"),
        (SMALLEST + "[browser]\nzzz = 1\n", "browser.zzz", "known are headless, endpoints, transport, flags"),
        (SMALLEST + "[[faults]]\nwhen = 1\n", "faults[0].when", "there is no such key"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_known_one(file: Path, text: str, key: str, why: str) -> None:
    blamed, said = keyed(file, text)
    assert blamed == key
    assert why in said


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        (SMALLEST + "[run]\nworkers = 'four'\n", "run.workers", "Expected 'int', got 'str'"),
        (SMALLEST + "[run]\nworkers = 1.5\n", "run.workers", "Expected 'int', got 'float'"),
        (SMALLEST + "attempts = true\n", "paths[0].attempts", "Expected 'int', got 'bool'"),
        ("run = 3\n" + SMALLEST, "run", "Expected a table, got 'int'"),
        ("credentials = 'alice'\n" + SMALLEST, "credentials", "Expected a list, got 'str'"),
        (SMALLEST + "effect = 'yes'\n", "paths[0].effect", "Expected 'bool', got 'str'"),
        (SMALLEST + "map = 2020-01-01\n".replace("map", "recorded_origin"), "paths[0].recorded_origin", "got 'date'"),
    ],
)
def test_a_wrong_type_is_told_with_the_expected_one(file: Path, text: str, key: str, why: str) -> None:
    blamed, said = keyed(file, text)
    assert blamed == key
    assert why in said


@pytest.mark.parametrize(
    ("table", "key", "why"),
    [
        ("[run]\nworkers = 0", "run.workers", ">= 1"),
        ("[run]\nduration_s = 0.0", "run.duration_s", "> 0"),
        ("[run]\nduration_s = inf", "run.duration_s", "<="),
        ("[run]\nduration_s = nan", "run.duration_s", "Expected"),
        ("[run]\nbrowsers = 257", "run.browsers", "<= 256"),
        ("[reconnect]\nattempts = 0", "reconnect.attempts", ">= 1"),
        ("[reconnect]\nbase_s = -1.0", "reconnect.base_s", ">= 0"),
        ("[criteria]\nerror_rate_max = 1.5", "criteria.error_rate_max", "<= 1"),
        ("[[faults]]\nkind = 'cut'\nat_s = -1.0", "faults[0].at_s", ">= 0"),
        ("[browser]\nflags = ['headless']", "browser.flags[0]", "matching"),
    ],
)
def test_a_value_out_of_range_is_told_with_the_range(file: Path, table: str, key: str, why: str) -> None:
    blamed, said = keyed(file, SMALLEST + table + "\n")
    assert blamed == key
    assert why in said


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        (SMALLEST + "[browser]\ntransport = 'smoke'\n", "browser.transport", "one of websocket"),
        (SMALLEST + "[reconnect]\njitter = 'ful'\n", "reconnect.jitter", "did you mean 'full'?"),
        (SMALLEST + "[[faults]]\nat_s = 1\nkind = 'hang'\n", "faults[0].kind", "one of cut, kill"),
        (SMALLEST + "bind = { 'x.y]z' = 'acount' }\n", "paths[0].bind[...]", "did you mean 'account'?"),
    ],
)
def test_a_word_that_is_none_of_the_choices_is_told_with_them(file: Path, text: str, key: str, why: str) -> None:
    blamed, said = keyed(file, text)
    assert blamed == key
    assert why in said


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (SMALLEST.replace('title = "smallest"', ""), "title"),
        ("title = 'x'\n", "paths"),
        (SMALLEST.replace('map = "shop.json"', ""), "paths[0].map"),
        (SMALLEST + "[[faults]]\nkind = 'cut'\n", "faults[0].at_s"),
        (SMALLEST + "[[credentials]]\nname = 'a'\nsite = 's'\naccount = 'a'\n", "credentials[0].secret"),
    ],
)
def test_a_key_that_must_be_given_is_named_when_it_is_missing(file: Path, text: str, key: str) -> None:
    assert keyed(file, text) == (key, "it must be given, and is not")


def test_a_profile_without_any_path_is_refused(file: Path) -> None:
    key, why = keyed(file, "title = 'x'\npaths = []\n[site]\nbuiltin = true\n")
    assert key == "paths"
    assert ">= 1" in why


# --- keys that must fit each other

CREDENTIAL = "[[credentials]]\nname = 'alice'\nsite = 'shop'\naccount = 'alice'\nsecret = 'env:X'\n"


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        (SMALLEST + "credentials = ['bob']\n" + CREDENTIAL, "paths[0].credentials", "no credential 'bob'"),
        (SMALLEST + CREDENTIAL + CREDENTIAL, "credentials", "two are named alice"),
        (SMALLEST + "[[paths]]\nname = 'shop'\nmap = 'other.json'\n", "paths", "two are named shop"),
        (SMALLEST.replace("builtin = true", ""), "site", "either builtin = true or an origin"),
        (SMALLEST.replace("[site]", "[site]\norigin = 'http://localhost:1'"), "site", "either builtin"),
        (
            SMALLEST.replace("builtin = true", "origin = 'http://localhost:1'\nmisbehave = ['error500:/']"),
            "site.misbehave",
            "only the built-in site",
        ),
        (SMALLEST + "[run]\nworkers = 1\nbrowsers = 2\n", "run.browsers", "2 browsers, 1 workers"),
        (SMALLEST + "[[faults]]\nat_s = 1\nkind = 'cut'\nbrowser = 2\n", "faults[0]", "no such browser"),
    ],
)
def test_keys_that_do_not_fit_each_other_are_told(file: Path, text: str, key: str, why: str) -> None:
    blamed, said = keyed(file, text)
    assert blamed == key
    assert why in said


@pytest.mark.parametrize("origin", ["localhost:80", "http://localhost/", "http://a b", "ftp://x", "http://x/shop"])
def test_an_origin_is_scheme_host_and_port_alone(file: Path, origin: str) -> None:
    key, _ = keyed(file, SMALLEST.replace("builtin = true", f"origin = '{origin}'"))
    assert key == "site.origin"


def test_the_path_of_the_ledger_begins_with_a_slash(file: Path) -> None:
    key, _ = keyed(file, SMALLEST.replace("builtin = true", "builtin = true\nledger = 'api'"))
    assert key == "site.ledger"
