"""Certificates over HTTP, checked as somebody outside would."""

import random
from dataclasses import replace
from datetime import timedelta

from cli import verify_erasure as verifier
from lethe.model.ids import new_id
from tests.unit.api.world import World
from tests.unit.certificates.made import NOON, facts


async def test_a_certificate_is_read_and_checked_with_the_published_keys(world: World) -> None:
    before = (await world.get("/v1/log/checkpoint")).json()
    assert (before["witness_key"], before["checkpoint"]) == ("", "")
    made = facts(random.Random(5), ["mara.lind@mail.example"], b"n" * 32)
    wanted = replace(made, tenant_id=world.tenant_id, request_id=new_id(), number=0)
    path = f"/v1/erasures/{wanted.request_id}/certificate"
    assert (await world.get(path)).json()["code"] == "certificate_not_found"

    world.clock.set(NOON + timedelta(hours=3))
    issued = await world.services.certificates.issue(wanted)
    answer = await world.get(path)
    assert (answer.status_code, answer.content) == (200, issued.text)
    assert answer.headers["Content-Type"] == "application/json"
    keys = (await world.get("/v1/log/checkpoint")).json()
    assert keys["log_key"] == before["log_key"]
    assert verifier.verify(
        answer.content,
        verifier.Key(keys["log_key"], verifier.LOG),
        verifier.Key(keys["witness_key"], verifier.WITNESS),
    )
    assert keys["checkpoint"].startswith(keys["log_key"].partition("+")[0] + "\n1\n")

    # Nobody else's, and not for everybody.
    assert (await world.get(path, world.foreign_admin)).status_code == 404
    assert (await world.get(path, world.reader)).status_code == 403
    assert (await world.get(f"{path}?number=1")).status_code == 404
