import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from harness.demo_site.body import MAX_BODY_BYTES, form_of, json_object_of


def request_with(body: bytes) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


async def test_a_form_gives_the_first_value_of_each_field() -> None:
    assert await form_of(request_with(b"a=1&a=2&b=&c=%C3%A4+x")) == {"a": "1", "b": "", "c": "ä x"}


async def test_a_json_object_is_given_as_it_is() -> None:
    assert await json_object_of(request_with(b'{"a": [1]}')) == {"a": [1]}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe"])
async def test_anything_but_a_json_object_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(HTTPException) as refused:
        await json_object_of(request_with(body))
    assert refused.value.status_code == 400


async def test_a_form_with_too_many_fields_or_no_text_is_a_bad_request() -> None:
    for body in (b"&".join(b"f=1" for _ in range(60)), b"\xff=1"):
        with pytest.raises(HTTPException) as refused:
            await form_of(request_with(body))
        assert refused.value.status_code == 400


async def test_a_body_above_the_bound_is_refused() -> None:
    with pytest.raises(HTTPException) as refused:
        await form_of(request_with(b"a" * (MAX_BODY_BYTES + 1)))
    assert refused.value.status_code == 413
