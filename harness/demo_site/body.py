"""Reads what a request carries, within a bound. Starlette's own form parser would need one more dependency."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_BODY_BYTES = 64 * 1024


async def body_of(request: Request) -> bytes:
    """The whole body; a 413 above `MAX_BODY_BYTES`."""
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes > MAX_BODY_BYTES:
            raise HTTPException(413, f"A body here has at most {MAX_BODY_BYTES} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


async def form_of(request: Request) -> dict[str, str]:
    """A URL-encoded form, the first value of each field; a 400 where it is not text."""
    try:
        fields = parse_qs((await body_of(request)).decode("utf-8"), keep_blank_values=True, max_num_fields=50)
    except ValueError as broken:
        raise HTTPException(400, "This is not a form that can be read.") from broken
    return {name: values[0] for name, values in fields.items()}


async def json_object_of(request: Request) -> dict[str, Any]:
    """A JSON object; a 400 where it is anything else."""
    try:
        value = json.loads(await body_of(request))
    except ValueError as broken:
        raise HTTPException(400, "This is not JSON.") from broken
    if not isinstance(value, dict):
        raise HTTPException(400, "A JSON object is wanted.")
    return value
