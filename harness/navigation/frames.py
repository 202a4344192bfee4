"""Frames of a page by their path of indices, the main frame's being empty."""

from __future__ import annotations

from harness.navigation.page_link import PageLink


async def frame_id(link: PageLink, frame: tuple[int, ...]) -> str | None:
    """The frame at this path of indices; None while there is none."""
    if not frame:
        return link.state.main_frame
    tree = (await link.session.call("Page.getFrameTree"))["frameTree"]
    for index in frame:
        children = tree.get("childFrames", [])
        if index >= len(children):
            return None
        tree = children[index]
    return str(tree["frame"]["id"])


async def frame_corner(link: PageLink, frame: tuple[int, ...]) -> tuple[float, float]:
    """Where the content of a frame begins in the main viewport, CSS pixels. The browser is asked: a frame of another
    origin cannot tell."""
    found = await frame_id(link, frame)
    if not frame or found is None:
        return 0.0, 0.0
    owner = await link.session.call("DOM.getFrameOwner", {"frameId": found})
    box = await link.session.call("DOM.getBoxModel", {"backendNodeId": owner["backendNodeId"]})
    left, top = box["model"]["content"][:2]
    return left, top
