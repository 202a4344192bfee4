"""Names and places inside a run folder: a versioned contract, kept as a golden file."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path, PurePath
from typing import NamedTuple

_SEGMENT = re.compile(r"segment-\d{6,}\.jsonl")
EVIDENCE_SCHEMA = 1
"""Version of the event shape and of this layout, written into every manifest."""


class Channel(StrEnum):
    """The four log channels; `collection` is the stable id that names the channel's folder."""

    OPERATIONAL = "operational"
    PERFORMANCE = "performance"
    DOMAIN = "domain"
    AUDIT = "audit"

    @property
    def collection(self) -> str:
        """Stable collection id."""
        return _COLLECTION[self]


_COLLECTION = {
    Channel.OPERATIONAL: "L0G_0P3R4T10NAL",
    Channel.PERFORMANCE: "L0G_P3RF0RM4NC3",
    Channel.DOMAIN: "L0G_D0M41N",
    Channel.AUDIT: "L0G_4UD1T",
}


class LayoutEntry(NamedTuple):
    """One documented place of a run folder."""

    path: str
    meaning: str


LAYOUT: tuple[LayoutEntry, ...] = (
    LayoutEntry(
        "manifest.json",
        "what ran: run id, versions, plan, criteria, options, settings, copies, browsers, machine, ending, digests",
    ),
    LayoutEntry("profile.toml", "the profile as it was read, with what is secret in it cut out"),
    LayoutEntry("maps/<name>.json", "each navigation map with its values bound, and what is secret in it cut out"),
    LayoutEntry("channels/<collection id>/segment-<number>.jsonl", "events of one channel, one JSON object a line"),
    LayoutEntry("artifacts/<spin id>/…", "pictures and other files that events link to"),
    LayoutEntry("artifacts/downloads/<guid>", "what pages downloaded, under names that the browser made up"),
    LayoutEntry(
        "reserve.bin",
        "room kept for the last words on a full disk; removed when it is used or at the end, left behind by a kill",
    ),
    LayoutEntry("report.json", "the verdict with each criterion, machine-readable"),
    LayoutEntry("report.html", "the verdict for people, self-contained"),
    LayoutEntry("junit.xml", "the verdict for CI: one test case for each criterion"),
)


class RunPaths:
    """Paths of one run folder; creates nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest = root / "manifest.json"
        self.profile = root / "profile.toml"
        self.maps = root / "maps"
        self.artifacts = root / "artifacts"
        self.downloads = self.artifacts / "downloads"
        self.reserve = root / "reserve.bin"
        self.report_json = root / "report.json"
        self.report_html = root / "report.html"
        self.junit = root / "junit.xml"

    def channel(self, channel: Channel) -> Path:
        """Folder of one channel's segments."""
        return self.root / "channels" / channel.collection

    def segment(self, channel: Channel, number: int) -> Path:
        """File of one segment; numbers start at 1."""
        return self.channel(channel) / f"segment-{number:06d}.jsonl"

    def segments(self, channel: Channel) -> list[Path]:
        """Existing segments of a channel in order."""
        return sorted(self.channel(channel).glob("segment-*.jsonl"))

    def strangers(self) -> list[Path]:
        """What lies among the channels and is none of theirs: other folders, files that are no segment's."""
        known = {self.channel(channel) for channel in Channel}
        folder = self.root / "channels"
        among = [path for path in sorted(folder.iterdir()) if path not in known] if folder.is_dir() else []
        for channel in sorted(known):
            if channel.is_dir():
                among += [path for path in sorted(channel.iterdir()) if not _SEGMENT.fullmatch(path.name)]
        return among

    def artifact(self, spin_id: str, name: str) -> Path:
        """Place of an artefact; raises ValueError when the names would leave the run folder."""
        path = self.artifacts / spin_id / name
        # Both are one plain name each; and no link that stands there leads elsewhere.
        plain = all(PurePath(part).name == part != ".." and "\0" not in part for part in (spin_id, name) if part)
        if not (plain and spin_id and name) or path.resolve() != self.artifacts.resolve() / spin_id / name:
            raise ValueError(f"artefact name {spin_id!r}/{name!r} would leave the run folder")
        return path
