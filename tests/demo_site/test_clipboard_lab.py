from typing import Any


async def test_the_lab_starts_with_no_digest_and_no_field_to_type_into(client: Any) -> None:
    text = (await client.get("/clipboard-lab")).text
    assert 'data-digest="" data-count="0" data-error=""' in text
    assert '<button id="paste"' in text
    assert "<input" not in text
