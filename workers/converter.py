"""The payload converter of every client: pydantic, and no payload over 64 KB (P5)."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import DataConverter

from lethe.errors import PayloadRefused

MAX_PAYLOAD_BYTES: Final = 64 * 1024


class BoundedPayloadConverter(PydanticPayloadConverter):
    """Refuses what is too large to be ids and counts: a body in disguise must not reach a history."""

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        payloads = super().to_payloads(values)
        for payload in payloads:
            if len(payload.data) > MAX_PAYLOAD_BYTES:
                raise PayloadRefused(f"A payload of {len(payload.data)} bytes; the limit is {MAX_PAYLOAD_BYTES}.")
        return payloads


DATA_CONVERTER: Final[DataConverter] = dataclasses.replace(
    pydantic_data_converter, payload_converter_class=BoundedPayloadConverter
)
