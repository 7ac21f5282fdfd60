"""Forgetting a user of the tenant: their API keys go, so an admin's only with care."""

from dataclasses import replace
from typing import Any

import pytest

from lethe.adapters.sql import SqlLedger
from lethe.errors import ErasureIncomplete, Forbidden, IdentifierTooWeak, LastAdminKey
from lethe.model.erasures import ErasureBasis, ErasureState, IdentifierKind
from lethe.model.ids import Id, new_id
from lethe.model.indexes import NIL_ID
from lethe.model.principals import ApiKey, Caller, Role
from lethe.privacy.erasure.intake import Erasures, ErasureView, ErasureWish
from lethe.settings import ErasureSettings, Settings
from tests.contract.ledger_rows import NOON
from tests.integration.erasures import make_scene
from tests.integration.house import House


async def user(house: House, role: Role) -> Id:
    principal_id = new_id()
    key = ApiKey(house.tenant_id, new_id(), principal_id, role, frozenset(), new_id(), NOON)
    async with house.ledger.write() as uow:
        await uow.api_keys.add(key)
    return principal_id


async def begin(house: House, caller: Caller, *users: Id) -> ErasureView:
    cases = Erasures(house.ledger, house.keyring, house.uploads.clock, ErasureSettings())
    named = tuple((IdentifierKind.PRINCIPAL, each) for each in users)
    return await cases.begin(caller, ErasureWish(named, ErasureBasis.SUBJECT_REQUEST, "asked"), new_id())


async def test_an_admin_is_erased_by_an_admin_and_not_by_one_alone(house: House) -> None:
    first, second = [await user(house, Role.ADMIN) for _ in range(2)]
    officer = replace(house.admin, role=Role.OFFICER)
    with pytest.raises(Forbidden):
        await begin(house, officer, first)
    view = await begin(house, house.admin, first)
    assert (view.request.state, view.request.needs_approval) == (ErasureState.AWAITING_APPROVAL, True)
    with pytest.raises(LastAdminKey):
        await begin(house, house.admin, first, second)
    reader = await begin(house, officer, await user(house, Role.READER))
    assert reader.request.state is ErasureState.FENCED


async def test_the_place_of_a_forgotten_user_is_nobody(house: House) -> None:
    with pytest.raises(IdentifierTooWeak):
        await begin(house, house.admin, NIL_ID)


async def test_the_last_admin_is_waited_with_until_there_is_another(ledger: SqlLedger, sql_settings: Settings) -> None:
    """Whoever else was one when the erasure was asked for may be none by now."""
    scene = await make_scene(ledger, sql_settings)

    async def admin() -> Id:
        key = ApiKey(scene.tenant_id, new_id(), new_id(), Role.ADMIN, frozenset(), new_id(), NOON)
        async with ledger.write() as uow:
            await uow.api_keys.add(key)
        return key.principal_id

    last = await admin()
    ref = await scene.ask(last, IdentifierKind.PRINCIPAL)
    await scene.discover(ref)
    with pytest.raises(ErasureIncomplete):
        await scene.take_out(ref)
    other = await admin()
    await scene.take_out(ref)
    async with ledger.read() as uow:
        assert [key.principal_id for key in await uow.api_keys.list(scene.tenant_id)] == [other]


async def test_a_user_is_not_erased_within_some_documents_only(ledger: SqlLedger, sql_settings: Settings) -> None:
    scene = await make_scene(ledger, sql_settings)
    document, _ = await scene.add()
    scopes: list[tuple[dict[str, Any], int]] = [({}, 1), ({"document_ids": (document.id,)}, 0)]
    for scope, expected in scopes:
        principal_id = new_id()
        ref = await scene.ask(principal_id, IdentifierKind.PRINCIPAL, **scope)
        async with ledger.read() as uow:
            request = await uow.erasures.get(scene.tenant_id, ref.erasure_id)
        assert request
        wanted = await scene.activities.discovery.wanted(scene.tenant_id, request)
        assert len(wanted.principals) == expected
