from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET

from harness.cdp.command import Later
from harness.cdp.domains import fetch, network, page, runtime
from harness.cdp.domains import input as input_domain
from harness.cdp.messages import Outgoing, encode


def test_a_command_holds_what_was_given_under_the_protocols_names_and_nothing_else() -> None:
    command = input_domain.dispatch_mouse_event(type="mousePressed", x=1, y=2.5, click_count=0)
    assert command.method == "Input.dispatchMouseEvent"
    assert command.params == {"type": "mousePressed", "x": 1, "y": 2.5, "clickCount": 0}
    assert command.result is None


def test_a_struct_within_a_command_is_sent_under_the_protocols_names_without_what_is_none() -> None:
    command = fetch.enable(patterns=[fetch.RequestPattern(url_pattern="*", resource_type="Image")])
    assert encode(Outgoing(1, command.method, command.params)) == (
        b'{"id":1,"method":"Fetch.enable","params":{"patterns":[{"urlPattern":"*","resourceType":"Image"}]}}'
    )


@pytest.mark.parametrize(
    ("argument", "sent"),
    [(None, b'{"value":null}'), (UNSET, b"{}"), (0, b'{"value":0}')],
)
def test_where_any_value_may_be_sent_none_is_one_of_them(argument: object, sent: bytes) -> None:
    assert msgspec.json.encode(runtime.CallArgument(value=argument)) == sent
    assert msgspec.json.encode(runtime.CallArgument()) == b"{}"


def test_a_newer_browsers_fields_and_words_still_decode() -> None:
    told = b'{"requestId":"R1","timestamp":1,"type":"Hologram","errorText":"x","new":[1]}'
    assert msgspec.json.decode(told, type=network.LoadingFailed).type == "Hologram"
    pattern = msgspec.json.decode(b'{"resourceType":"Hologram","new":1}', type=fetch.RequestPattern)
    assert pattern.resource_type == "Hologram"


def test_an_event_is_made_from_what_a_handler_is_given() -> None:
    event = page.NavigatedWithinDocument.of(
        {"frameId": "F1", "url": "https://example.org/#a", "new": 1, "navigationType": "x"}
    )
    assert (event.METHOD, event.frame_id, event.navigation_type) == ("Page.navigatedWithinDocument", "F1", "x")


def test_an_event_that_lacks_a_field_is_refused_by_its_name() -> None:
    with pytest.raises(msgspec.ValidationError, match="frameId"):
        page.NavigatedWithinDocument.of({"url": "https://example.org/"})


def test_another_domain_is_imported_when_it_is_looked_into() -> None:
    assert Later("page").Frame is page.Frame
    with pytest.raises(ModuleNotFoundError):
        _ = Later("no_such_domain").Frame
