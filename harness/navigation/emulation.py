"""What a page is made to believe about its screen and its network; each survives a reconnect by the journal."""

from __future__ import annotations

from harness.navigation.map import Viewport
from harness.navigation.page_link import PageLink


async def set_viewport(link: PageLink, viewport: Viewport) -> None:
    """Device metrics and touch."""
    await link.set_up(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": viewport.width,
            "height": viewport.height,
            "deviceScaleFactor": viewport.device_scale_factor,
            "mobile": viewport.is_mobile,
            "screenOrientation": {"type": "landscapePrimary", "angle": 90}
            if viewport.is_landscape
            else {"type": "portraitPrimary", "angle": 0},
        },
    )
    await link.set_up("Emulation.setTouchEmulationEnabled", {"enabled": viewport.has_touch})


async def emulate_network(
    link: PageLink, download_bytes_per_s: float, upload_bytes_per_s: float, latency_s: float
) -> None:
    """`Network.emulateNetworkConditions`; negative rates do not throttle."""
    await link.set_up(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "downloadThroughput": download_bytes_per_s,
            "uploadThroughput": upload_bytes_per_s,
            "latency": latency_s * 1e3,
        },
    )
