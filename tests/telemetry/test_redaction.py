"""Nothing that is written holds a secret, whatever form it came in and wherever it stood."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from harness.basics.clock import FakeClock
from harness.basics.secret import Secret
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.redaction import MAX_TEXT, Redactor, UnredactableError
from harness.telemetry.sink import ListSink

HARD = "\"'\\/\n\r\t\0\x1b\x7f+%&=?# :@{}[]<>é߀漢😀\u2028ab01AZ-_.~"
SECRETS = st.one_of(
    st.text(HARD, min_size=4, max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=12),
    st.text('\\"', min_size=4, max_size=8),
)
AROUND = st.one_of(
    st.just(""), st.text(HARD, max_size=6), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_ascii(text: str) -> str:
    return json.dumps(text)[1:-1]


def _lower_percents(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quote(text, safe=""))


def _form(text: str) -> str:
    """As a browser encodes a form's value: `~` too, and `*` stays."""
    return quote_plus(text, safe="*").replace("~", "%7E")


ENCODERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": _json,
    "json in json": lambda text: _json(_json(text)),
    "json in json in json": lambda text: _json(_json(_json(text))),
    "ascii json": _json_ascii,
    "ascii json in json": lambda text: _json(_json_ascii(text)),
    "json with upper case escapes": lambda text: re.sub(
        r"\\u([0-9a-f]{4})", lambda match: rf"\u{match[1].upper()}", _json_ascii(text)
    ),
    "json with escaped slashes": lambda text: _json(text).replace("/", r"\/"),
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "url": lambda text: quote(text, safe=""),
    "url with lower case escapes": _lower_percents,
    "url path": quote,
    "url component": lambda text: quote(text, safe="!'()*"),
    "whole url": lambda text: quote(text, safe=";,/?:@&=+$#!'()*"),
    "form": _form,
    "url in url": lambda text: quote(quote(text, safe=""), safe=""),
    "url of json": lambda text: quote(_json(text), safe=""),
    "json of url": lambda text: _json(quote(text)),
}
BASE64: dict[str, Callable[[bytes], str]] = {
    "standard": lambda raw: base64.b64encode(raw).decode(),
    "url alphabet": lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
    "standard in a url": lambda raw: quote(base64.b64encode(raw).decode(), safe=""),
    "standard in json with escaped slashes": lambda raw: base64.b64encode(raw).decode().replace("/", r"\/"),
}

POSITIONS: dict[str, Callable[[Telemetry, str], object]] = {
    "text field": lambda t, s: t.log.info("page.dialog", kind="alert", message=s, accepted=True),
    "name field": lambda t, s: t.log.info("map.loaded", file=s, format="own", steps=1, drift=0),
    "id field": lambda t, s: t.log.info("site.recorded", account=s, effects=1),
    "correlation id": lambda t, s: t.log.info("phase.completed", phase=s, outcome="completed"),
    "value of a table": lambda t, s: t.log.info("telemetry.summary", emitted={"a": {"b": [1, s]}}),
    "key of a table": lambda t, s: t.log.info("telemetry.summary", dropped={s: 1}),
    "value of another kind": lambda t, s: t.log.info("browser.exited", exit_code=[s, {s: (s,)}]),
}


def _written(secret: str, position: str, text: str) -> bytes:
    sink = ListSink()
    telemetry = Telemetry(sink, run_id="run", redactor=Redactor([Secret("planted", secret)]), clock=FakeClock())
    POSITIONS[position](telemetry, text)
    ((_, line),) = sink.lines
    return line


def _texts(value: Any) -> Iterator[str]:
    """Every text of a decoded line: its ids, and what its fields hold."""
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield key
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)


def _base64_within(text: str) -> Iterator[bytes]:
    """What a reader would get who tries every run of base64 letters at every alignment."""
    plain = text.replace("%2B", "+").replace("%2F", "/").replace(r"\/", "/").replace("-", "+").replace("_", "/")
    for run in re.findall(r"[A-Za-z0-9+/]{4,}", plain):
        for start in range(4):
            part = run[start:]
            yield base64.b64decode(part[: len(part) // 4 * 4])
            yield base64.b64decode(part + "A" * (-len(part) % 4))


def _holds(line: bytes, secret: str) -> bool:
    texts = list(_texts(msgspec.json.decode(line)))
    if "\\" not in secret:  # JSON doubles backslashes: a line may show more of them in a row than any text of it holds
        texts.append(line.decode())
    forms = {encode(secret) for encode in ENCODERS.values()}
    return any(form in text for form in forms for text in texts) or any(
        secret.encode() in raw for text in texts for raw in _base64_within(text)
    )


def _only_by_chance(secret: str, position: str) -> bool:
    """Whether the line without the secret holds it all the same: `info` is a level."""
    return _holds(_written("¤¤¤¤", position, ""), secret)


@given(SECRETS, st.sampled_from(sorted(ENCODERS)), st.sampled_from(sorted(POSITIONS)), AROUND, AROUND)
@example("nabc", "plain", "text field", "\n", "")
@example('ab"\\', "json", "text field", "\\", '"')
@example("abc\\", "plain", "text field", "", '"')
@example("AbC/dEf%", "url with lower case escapes", "id field", "", "")
@example("abc&token=xyz", "plain", "text field", "?", "")
@example("one two three", "plain", "text field", "?password=", "")
@example("plan", "plain", "text field", "", "")
@example("redacted", "plain", "text field", "", "")
def test_a_secret_never_survives(secret: str, encoder: str, position: str, before: str, after: str) -> None:
    assume(not _only_by_chance(secret, position))
    line = _written(secret, position, before + ENCODERS[encoder](secret) + after)
    assert not _holds(line, secret)
    assert line.count(b"\n") == 1


@given(SECRETS, st.sampled_from(sorted(BASE64)), st.sampled_from(sorted(POSITIONS)), st.binary(max_size=7),
       st.binary(max_size=7), AROUND)  # fmt: skip
def test_a_secret_in_base64_never_survives_whatever_bytes_stand_around_it(
    secret: str, alphabet: str, position: str, before: bytes, after: bytes, text_before: str
) -> None:
    assume(not _only_by_chance(secret, position))
    text = text_before + BASE64[alphabet](before + secret.encode() + after)
    line = _written(secret, position, text)
    assert not _holds(line, secret)


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
def test_every_alignment_of_the_shortest_secret_is_found(before: int, after: int) -> None:
    text = base64.b64encode(b"\xff" * before + b"pass" + b"\xff" * after).decode()
    assert not _holds(_written("pass", "text field", text), "pass")


@given(st.lists(SECRETS, min_size=2, max_size=5), st.data())
def test_one_of_many_secrets_is_found_as_well(secrets: list[str], data: st.DataObject) -> None:
    planted = data.draw(st.sampled_from(secrets))
    assume(not _only_by_chance(planted, "text field"))
    redactor = Redactor(Secret(f"¤{number}", secret) for number, secret in enumerate(secrets))
    sink = ListSink()
    Telemetry(sink, run_id="run", redactor=redactor, clock=FakeClock()).log.info("page.dialog", message=planted)
    assert not _holds(sink.lines[0][1], planted)


def test_where_one_secret_begins_with_another_the_whole_of_it_goes() -> None:
    redactor = Redactor([Secret("short", "hunter"), Secret("long", "hunter2extra")])
    assert redactor.text("it is hunter2extra") == "it is [redacted long]"
    assert redactor.text("it is hunter") == "it is [redacted short]"


@given(SECRETS, st.text(HARD, max_size=30))
def test_a_line_stays_an_event_with_what_is_no_secret(secret: str, text: str) -> None:
    redactor = Redactor([Secret("¤", secret)])
    sink = ListSink()
    log = Telemetry(sink, run_id="run", redactor=redactor, clock=FakeClock()).log
    log.info("session.lost", browser_id=f"{secret}{text}", target_id="¤¤¤¤", cause=text)
    event = msgspec.json.decode(sink.lines[0][1])
    assert (event["channel"], event["event"], event["seq"], event["level"]) == (
        "operational",
        "session.lost",
        1,
        "info",
    )
    assert event.get("fields", {}).get("target_id", "¤¤¤¤") == "¤¤¤¤"


def test_a_secret_of_digits_does_not_break_the_numbers_of_a_line() -> None:
    line = _written("7000", "text field", "my pin is 7000")
    event = msgspec.json.decode(line)
    assert event["fields"]["message"] == "my pin is [redacted planted]"
    assert event["time_ns"] == FakeClock().wall_ns()
    assert "7000" in str(event["time_ns"])


def test_a_line_that_holds_no_secret_is_not_touched() -> None:
    line = _written("correct horse", "text field", '\\ " é \n %20')
    assert msgspec.json.decode(line)["fields"]["message"] == '\\ " é \n %20'


def test_a_mark_names_its_secret_unless_the_name_holds_one() -> None:
    assert Redactor([Secret("shop", "correct horse")]).text("correct horse") == "[redacted shop]"
    assert Redactor([Secret("site:anna", "anna")]).text("anna") == "[redacted]"
    assert Redactor([Secret("a", "redacted")]).text("redacted") == "***"


def test_a_secret_too_short_to_be_found_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Secret\(pin\) is shorter"):
        Redactor([Secret("pin", "123")])


def test_a_secret_added_later_is_redacted_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.text("correct horse") == "correct horse"
    redactor.add(Secret("shop", "correct horse"))
    assert redactor.text("correct horse") == "[redacted shop]"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("https://anna:pa:ss@shop.example/x", "https://[redacted]@shop.example/x"),
        ("https://anna:p@ss@shop.example/x@y", "https://[redacted]@shop.example/x@y"),
        ("https://shop.example/x?a=1@2", "https://shop.example/x?a=1@2"),
        ("/cb?code=abc&state=1", "/cb?code=[redacted]&state=1"),
        ("/cb#access_token=abc", "/cb#access_token=[redacted]"),
        ("/x?Password=a%20b c", "/x?Password=[redacted] c"),
        ("Authorization: Digest abc\nHost: x", "Authorization: [redacted]\nHost: x"),
        ('{"Cookie": "a=b"}', '{"Cookie": [redacted]'),
        ("sent bearer abcdefgh1234 there", "sent bearer [redacted] there"),
        ("a eyJhbGciOiJI.eyJzdWIi.c2ln b", "a [redacted] b"),
        ("mail anna@shop.example", "mail anna@shop.example"),
        ("keynote=1 cookies are nice", "keynote=1 cookies are nice"),
    ],
)
def test_patterns_are_cut_from_texts(text: str, written: str) -> None:
    assert Redactor().text(text) == written
    assert Redactor().text({"a": [text, (text,)], "b": 1}) == {"a": [written, [written]], "b": 1}


def test_a_pattern_leaves_the_mark_of_a_known_secret() -> None:
    redactor = Redactor([Secret("shop", "one two three")])
    assert redactor.text("/x?password=one two three&a=1") == "/x?password=[redacted shop]&a=1"


def test_patterns_are_looked_for_in_text_fields_alone() -> None:
    url = "https://anna:pass@shop.example/"
    assert b"pass" not in _written("¤¤¤¤", "text field", url)
    assert b"pass" in _written("¤¤¤¤", "id field", url)


def test_a_long_text_is_cut_after_its_secrets_are_gone() -> None:
    redactor = Redactor([Secret("shop", "correct horse")])
    text = redactor.text("x" * (MAX_TEXT - 5) + "correct horse" + "y" * 100)
    assert len(text) < MAX_TEXT + 30
    assert "corre" not in text
    assert text.endswith("characters)")


@pytest.mark.parametrize(
    "text", ["\\" * 100_000, 'a"' + "\\" * 100_000, "%25" * 50_000, "a.a." * 30_000, "eyJ-" * 30_000, "a://b" * 30_000]
)
def test_no_text_of_a_page_makes_redaction_explode(text: str) -> None:
    """The time limit of a test is what would tell."""
    assert len(Redactor([Secret("shop", 'a"\\\\"\\"\\\n-\\"')]).text(text)) <= MAX_TEXT + 30


def test_a_document_is_never_shortened_and_loses_secrets_and_patterns_alike() -> None:
    redactor = Redactor([Secret("shop", "correct horse")])
    text = "x" * (2 * MAX_TEXT) + ' "correct\\u0020horse" https://me:pw@example.org/'
    assert redactor.document(text) == "x" * (2 * MAX_TEXT) + ' "[redacted shop]" https://[redacted]@example.org/'


def test_a_tree_loses_secrets_in_keys_and_texts_at_any_depth_and_keeps_the_rest() -> None:
    redactor = Redactor([Secret("shop", "correct horse"), Secret("two", "battery")])
    tree = {"a": [1, None, True, {"correct horse": ("battery", 2.5)}], "b": "https://me:pw@x/"}
    assert redactor.tree(tree) == {
        "a": [1, None, True, {"[redacted shop]": ["[redacted two]", 2.5]}],
        "b": "https://[redacted]@x/",
    }


def test_keys_that_become_alike_stay_apart() -> None:
    redactor = Redactor([Secret("shop", "correct horse")])
    assert redactor.tree({"correct horse": 1, "correct%20horse": 2, "[redacted shop]": 3}) == {
        "[redacted shop]": 1,
        "[redacted shop] (2)": 2,
        "[redacted shop] (3)": 3,
    }


@given(SECRETS, st.sampled_from(sorted(ENCODERS)), AROUND, AROUND)
def test_a_secret_survives_in_no_document(secret: str, encoder: str, before: str, after: str) -> None:
    redactor = Redactor([Secret("¤", secret)])
    try:
        document = redactor.document(before + ENCODERS[encoder](secret) + after)
    except UnredactableError:
        return  # it is not written then
    assert not redactor.holds_secret(document)
    assert ENCODERS[encoder](secret) not in document
