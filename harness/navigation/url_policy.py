"""Where a page may be sent: web addresses only, never the local disk, the browser's own pages or cloud metadata."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from urllib.parse import SplitResult, unquote, urlsplit

from harness.basics.failures import Cause
from harness.navigation.errors import StepError

_SCHEMES = {"http": 80, "https": 443}
_METADATA_HOSTS = frozenset({"metadata.google.internal", "metadata", "instance-data"})
_METADATA_NETWORKS = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::/32"),
    ipaddress.ip_network("100.100.100.200/32"),
)


def check_url(url: str, allowed_origins: frozenset[str] = frozenset()) -> None:
    """Return when the page may go to `url`; StepError (cause `url_refused`) when not.

    allowed_origins: `scheme://host[:port]`; empty allows every web origin.
    """
    if url == "about:blank":
        return
    try:
        parts = urlsplit(url)
        host = _host(parts)
        origin = _origin(parts)
        allowed = {_origin(urlsplit(one)) for one in allowed_origins}
    except ValueError as error:
        raise _refused(url, f"it is no URL: {error}") from error
    if parts.scheme not in _SCHEMES:
        raise _refused(url, f"the scheme {parts.scheme or '(none)'!r} is not http or https")
    if "\\" in parts.netloc + parts.path:
        raise _refused(url, "it holds a backslash, which browsers read as the end of the host")
    if not host or host in _METADATA_HOSTS or _is_metadata_address(host):
        raise _refused(url, "the host is missing, or a metadata address")
    if allowed and origin not in allowed:
        raise _refused(url, f"the origin {origin} is not on the profile's list")


def _host(parts: SplitResult) -> str:
    """The host as a browser reads it: percent-decoded, with its full-width letters and dots folded, no dot at its end."""
    host = unicodedata.normalize("NFKC", unquote(parts.hostname or "")).replace("\u3002", ".")
    return host.casefold().rstrip(".")


def _origin(parts: SplitResult) -> str:
    port = parts.port or _SCHEMES.get(parts.scheme)
    return f"{parts.scheme}://{_host(parts)}:{port}"


def _is_metadata_address(host: str) -> bool:
    address = _address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return address is not None and any((mapped or address) in network for network in _METADATA_NETWORKS)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, in any form that browsers read: 0xa9fea9fe, 2852039166 and 169.254.43518 are one."""
    try:
        return ipaddress.IPv6Address(host) if ":" in host else ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _refused(url: str, why: str) -> StepError:
    return StepError(
        "a navigation was refused",
        why=why,
        todo="correct the URL in the map, or allow its origin in the profile",
        cause=Cause.URL_REFUSED,
        url=url,
    )
