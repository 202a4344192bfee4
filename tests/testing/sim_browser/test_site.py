from __future__ import annotations

from harness.testing.sim_browser.site import BLANK, Document, document_at


def test_a_url_is_answered_without_its_fragment_and_an_unknown_one_by_an_empty_page() -> None:
    page = Document(title="A")
    assert document_at({"http://x/a": page}, "http://x/a#part") == ("http://x/a", page)
    assert document_at({}, "http://x/b") == ("http://x/b", BLANK)


def test_redirects_are_followed_and_a_circle_is_an_error() -> None:
    end = Document(title="end")
    site = {
        "http://x/1": Document(redirect="http://x/2"),
        "http://x/2": Document(redirect="http://x/3"),
        "http://x/3": end,
    }
    assert document_at(site, "http://x/1") == ("http://x/3", end)
    site["http://x/3"] = Document(redirect="http://x/1")
    assert document_at(site, "http://x/1")[1].net_error == "net::ERR_TOO_MANY_REDIRECTS"
