"""Where a page may be sent: web addresses only, never the local disk, the browser's own pages or cloud metadata."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from harness.basics.failures import Cause
from harness.navigation.errors import StepError

_SCHEMES = frozenset({"http", "https"})
_METADATA_HOSTS = frozenset({"metadata.google.internal", "metadata", "instance-data"})
_METADATA_NETWORKS = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::/32"),
)


def check_url(url: str, allowed_origins: frozenset[str] = frozenset()) -> None:
    """Return when the page may go to `url`; StepError (cause `url_refused`) when not.

    allowed_origins: `scheme://host[:port]`; empty allows every web origin.
    """
    if url == "about:blank":
        return
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").casefold()
        origin = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
    except ValueError as error:
        raise _refused(url, f"it is no URL: {error}") from error
    if parts.scheme not in _SCHEMES:
        raise _refused(url, f"the scheme {parts.scheme or '(none)'!r} is not http or https")
    if not host or host.rstrip(".") in _METADATA_HOSTS or _is_metadata_address(host):
        raise _refused(url, "the host is missing, or a metadata address")
    if allowed_origins and origin not in allowed_origins:
        raise _refused(url, f"the origin {origin} is not on the profile's list")


def _is_metadata_address(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in _METADATA_NETWORKS)


def _refused(url: str, why: str) -> StepError:
    return StepError(
        "a navigation was refused",
        why=why,
        todo="correct the URL in the map, or allow its origin in the profile",
        cause=Cause.URL_REFUSED,
        url=url,
    )
