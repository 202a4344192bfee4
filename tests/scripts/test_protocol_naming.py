import pytest

from scripts.protocol.naming import camel, docstring, function, pascal, snake, summary, variable


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("loadEventFired", "load_event_fired"),
        ("printToPDF", "print_to_pdf"),
        ("getFullAXTree", "get_full_ax_tree"),
        ("backendDOMNodeIds", "backend_dom_node_ids"),
        ("nodeIDs", "node_ids"),
        ("DOMSnapshot", "dom_snapshot"),
        ("CSS", "css"),
        ("WebMCP", "web_mcp"),
    ],
)
def test_acronyms_are_words_of_their_own(theirs: str, ours: str) -> None:
    assert snake(theirs) == ours


def test_words_that_python_needs_get_an_underscore_which_the_wire_does_not_see() -> None:
    assert [variable(name) for name in ("from", "global", "type", "list")] == ["from_", "global_", "type", "list_"]
    assert function("print") == "print_"
    assert [camel(name) for name in ("from_", "frame_id", "x")] == ["from", "frameId", "x"]
    assert pascal("mouse-wheel") == "MouseWheel"


def test_a_description_is_shortened_to_its_first_sentences_and_marked() -> None:
    text = "Does this.\nAnd that. More words."
    assert summary(text, "Experimental.") == "Does this. And that. Experimental."
    assert summary(text, sentences=1) == "Does this."
    assert summary("Deprecated, use another", "Deprecated.") == "Deprecated, use another. Deprecated."
    assert summary("", "Deprecated.") == "Deprecated."
    assert summary("First part\n\nsecond part") == "First part."


@pytest.mark.parametrize("text", ['say "yes"', '"no" is said', 'a \\d in """quotes"""', "x" * 300, "word " * 60])
def test_any_description_is_a_docstring_of_the_same_words(text: str) -> None:
    lines = docstring(text, ["url: where"], "    ")
    code = "\n".join(["def f():", *lines])
    scope: dict[str, object] = {}
    exec(code, scope)
    told = getattr(scope["f"], "__doc__", "").split()
    assert told == [*text.replace('"""', "'''").split(), "url:", "where"]


def test_nothing_to_say_is_no_docstring() -> None:
    assert docstring("", [], "") == []
