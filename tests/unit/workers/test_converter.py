"""P5: a payload over 64 KB does not reach a history."""

import pytest

from lethe.contracts.ingestion import DeletionPlan, VersionRef
from lethe.errors import PayloadRefused
from lethe.model.ids import new_id
from workers.converter import DATA_CONVERTER


async def test_contracts_round_trip() -> None:
    ref = VersionRef(tenant_id=new_id(), version_id=new_id())
    payloads = await DATA_CONVERTER.encode([ref])
    assert await DATA_CONVERTER.decode(payloads, [VersionRef]) == [ref]


async def test_a_body_in_disguise_is_refused() -> None:
    plan = DeletionPlan(version_ids=[new_id() * 60 for _ in range(40)], running=[])
    with pytest.raises(PayloadRefused):
        await DATA_CONVERTER.encode([plan])
