"""A page may go to web addresses only; no spelling of a metadata address or of another host gets past."""

from __future__ import annotations

import pytest

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.url_policy import check_url


@pytest.mark.parametrize(
    "url",
    ["http://shop.test/", "https://shop.test:8443/a?b#c", "http://127.0.0.1:8907/shop", "http://[::1]/", "about:blank"],
)
def test_web_addresses_pass(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop",
        "/relative",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "\tfile:///etc/passwd",
        "chrome://settings",
        "devtools://devtools/bundled/inspector.html",
        "view-source:http://shop.test/",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://",
        "http:///etc",
        "http://shop.test:port/",
        "http://[::1/",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(StepError) as refused:
        check_url(url)
    assert refused.value.cause is Cause.URL_REFUSED


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.169.254.",
        "2852039166",
        "0xA9FEA9FE",
        "0251.0376.0251.0376",
        "169.254.43518",
        "%31%36%39.254.169.254",
        "169\u3002254\u3002169\u3002254",
        "\uff11\uff16\uff19.254.169.254",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "100.100.100.200",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "user@169.254.169.254",
        "169.254.169.254\\@shop.test",
    ],
)
def test_metadata_addresses_are_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(StepError) as refused:
        check_url(f"http://{host}/latest/meta-data")
    assert refused.value.cause is Cause.URL_REFUSED


ALLOWED = frozenset({"https://shop.test", "http://127.0.0.1:8907"})


@pytest.mark.parametrize(
    "url", ["https://shop.test/a", "https://SHOP.test:443/", "https://shop.test./", "http://127.0.0.1:8907/x"]
)
def test_listed_origins_pass(url: str) -> None:
    check_url(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.test/",
        "https://shop.test:8443/",
        "https://evil.test/",
        "https://shop.test.evil.test/",
        "https://shop.test@evil.test/",
        "https://evil.test\\@shop.test/",
        "http://127.0.0.1:8908/",
    ],
)
def test_other_origins_are_refused(url: str) -> None:
    with pytest.raises(StepError):
        check_url(url, ALLOWED)
