import pytest
from jinja2 import UndefinedError
from starlette.requests import Request

from harness.demo_site.rendering import page, script


def request() -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": []})


def test_values_are_escaped() -> None:
    assert b"&lt;b&gt;" in page(request(), "login.html", user="<b>", alert="").body


def test_a_value_that_a_page_wants_and_does_not_get_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        page(request(), "login.html")


def test_scripts_are_served_as_they_are() -> None:
    assert "readText" in script("cabinet.js")
