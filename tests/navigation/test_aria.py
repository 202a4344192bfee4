"""What the browser's accessibility tree is asked for by a selector, and which of its nodes are elements."""

from __future__ import annotations

from typing import Any

import pytest

from harness.navigation.aria import elements_of, is_aria, query_of


@pytest.mark.parametrize(
    ("selector", "query"),
    [
        ("aria/Sign in", {"accessibleName": "Sign in"}),
        ("aria/Sign in[role='button']", {"accessibleName": "Sign in", "role": "button"}),
        ('aria/[name="Sign in"][role="link"]', {"accessibleName": "Sign in", "role": "link"}),
        ('aria/[ name = "it\'s here" ]', {"accessibleName": "it's here"}),
        ('aria/[role="main"]', {"role": "main"}),
        ("aria/a[b]", {"accessibleName": "a[b]"}),
    ],
)
def test_a_selector_asks_for_the_name_and_the_role_that_it_gives(selector: str, query: dict[str, str]) -> None:
    assert query_of(selector) == query


def test_other_selectors_are_none_of_the_accessibility_tree() -> None:
    assert is_aria("aria/Sign in")
    assert not is_aria("#aria/x")


def test_text_and_ignored_nodes_are_no_elements() -> None:
    def node(number: int, role: str, **more: Any) -> dict[str, Any]:
        return {"backendDOMNodeId": number, "role": {"value": role}, **more}

    nodes = [
        node(1, "StaticText"),
        node(2, "InlineTextBox"),
        node(3, "button", ignored=True),
        {"role": {"value": "button"}},
        node(5, "link"),
        {"backendDOMNodeId": 6},
        node(7, "button"),
    ]
    assert elements_of({"nodes": nodes}) == [5, 6, 7]
