import copy
import os
import pickle
from pathlib import Path

import msgspec
import pytest

from harness.basics.errors import UsageError
from harness.basics.exit_codes import ExitCode
from harness.basics.failures import Cause
from harness.basics.secret import Secret, resolve_secret

VALUE = "correct horse"


@pytest.fixture
def closed_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(VALUE + "\n")
    path.chmod(0o600)
    return path


def test_no_way_of_printing_a_secret_shows_its_value() -> None:
    secret = Secret("shop", VALUE)
    for text in (
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret:>40}",
        f"{secret!r}",
        format(secret, "s"),
        repr([secret]),
    ):
        assert VALUE not in text
        assert "Secret(shop)" in text


@pytest.mark.parametrize(
    "serialise", [pickle.dumps, copy.deepcopy, copy.copy, msgspec.json.encode, msgspec.to_builtins]
)
def test_a_secret_is_not_serialised(serialise: object) -> None:
    with pytest.raises(TypeError):
        serialise(Secret("shop", VALUE))  # type: ignore[operator]


def test_a_secret_has_no_dictionary_to_be_dumped_and_is_equal_by_name() -> None:
    assert not hasattr(Secret("shop", VALUE), "__dict__")
    assert Secret("shop", VALUE) == Secret("shop", "other")
    assert hash(Secret("shop", VALUE)) == hash(Secret("shop", "other"))
    assert Secret("shop", VALUE) != Secret("cabinet", VALUE)
    assert Secret("shop", VALUE) != VALUE


def test_the_environment_gives_a_secret_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", f"{VALUE} ")
    secret = resolve_secret("env:SHOP_PASSWORD")
    assert (secret.name, secret.reveal()) == ("env:SHOP_PASSWORD", f"{VALUE} ")


def test_a_file_gives_its_text_without_the_newline_at_its_end(closed_file: Path) -> None:
    assert resolve_secret(f"file:{closed_file}").reveal() == VALUE
    assert resolve_secret("file:secret", base=closed_file.parent).reveal() == VALUE


def test_the_built_in_site_gives_what_its_accounts_have() -> None:
    assert resolve_secret("site:anna", provided={"anna": VALUE}).reveal() == VALUE


def _told(reference: str, **options: object) -> UsageError:
    with pytest.raises(UsageError) as caught:
        resolve_secret(reference, **options)  # type: ignore[arg-type]
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.cause is Cause.SECRET_UNAVAILABLE
    return caught.value


def test_an_unset_and_an_empty_variable_are_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    assert "SHOP_PASSWORD" in _told("env:SHOP_PASSWORD").why
    monkeypatch.setenv("SHOP_PASSWORD", "")
    assert "SHOP_PASSWORD" in _told("env:SHOP_PASSWORD").why


def test_a_variable_that_is_no_text_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "SHOP_PASSWORD", os.fsdecode(b"abc\xff\xfe"))
    assert "not UTF-8" in _told("env:SHOP_PASSWORD").why


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o644])
def test_a_file_that_is_open_to_others_is_refused(closed_file: Path, mode: int) -> None:
    closed_file.chmod(mode)
    error = _told(f"file:{closed_file}")
    assert "open to other users" in error.why
    assert VALUE not in " ".join(error.lines())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(closed_file: Path) -> None:
    os.chown(closed_file, 12345, 12345)
    assert "belongs to" in _told(f"file:{closed_file}").why


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "empty"), (b"\r\n", "empty"), (b"\xff\xfe", "not UTF-8"), (b"a" * 65_537, "larger than 64 KiB")],
)
def test_a_file_that_holds_no_secret_is_told(closed_file: Path, content: bytes, why: str) -> None:
    closed_file.write_bytes(content)
    assert why in _told(f"file:{closed_file}").why


def test_a_missing_file_a_folder_and_a_name_that_no_file_can_have_are_told(tmp_path: Path) -> None:
    assert _told(f"file:{tmp_path}/gone").why == "No such file or directory"
    assert _told(f"file:{tmp_path}").why == "Is a directory"
    assert "null byte" in _told("file:a\0b").why


def test_an_unknown_account_of_the_site_is_told() -> None:
    assert "no such account" in _told("site:anna", provided={"ben": VALUE}).why
    assert "no such account" in _told("site:anna").why


@pytest.mark.parametrize("reference", ["", "env:", "file:", "site:", VALUE, "vault:shop", f"password:{VALUE}"])
def test_a_reference_of_no_known_form_is_refused_and_not_shown_as_it_may_be_the_secret(reference: str) -> None:
    error = _told(reference)
    assert VALUE not in f"{error} {error.lines()} {error.context}"
    assert "env:NAME" in error.todo


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "secret"
    if kind == "pipe":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        path.mkdir(mode=0o700)
    else:
        path.symlink_to("/dev/null")
    why = _told(f"file:{path}").why
    assert why == f"{path} is no regular file" if kind != "folder" else "directory" in why
