"""API keys of the caller's tenant."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from api.dependencies import IdempotencyKey, KeyId, ServicesDep
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.operations import KeyIn, KeyOut, NewKeyOut
from api.security import Admin
from lethe.errors import KeyNotFound, LastAdminKey
from lethe.model.ids import Id, derived_id, new_id
from lethe.model.principals import ApiKey, Role
from lethe.privacy.credentials import new_secret, secret_digest

router = APIRouter(prefix="/v1/keys", tags=["keys"])

_LISTING: Final = "keys"


@router.post("", status_code=201)
async def create_key(
    wish: KeyIn, response: Response, caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> NewKeyOut:
    """Make a key. Its secret is in the first answer only: Lethe keeps no more than a digest.

    A repetition under the same Idempotency-Key answers the key with a null secret; if the first answer was lost, revoke
    the key and make another.
    """
    secret = new_secret()

    async def perform(effect_id: Id) -> KeyOut:
        key = ApiKey(
            tenant_id=caller.tenant_id,
            id=derived_id(effect_id, 0),
            principal_id=wish.principal_id or new_id(),
            role=wish.role,
            groups=frozenset(wish.groups),
            secret_sha256=secret_digest(secret),
            created_at=services.clock.now(),
        )
        async with services.ledger.write() as uow:
            made = next((each for each in await uow.api_keys.list(key.tenant_id) if each.id == key.id), None)
            if made is None:
                await uow.api_keys.add(key)
            else:  # by a sending that broke off: nobody was told that secret
                await uow.api_keys.renew(key.tenant_id, key.id, key.secret_sha256)
        return _key_out(made or key)

    attempt = Attempt(caller, idempotency_key, ("keys", wish.model_dump_json()), 201)
    made, is_repeated = await services.idempotency.once_as(attempt, KeyOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    return NewKeyOut(**made.model_dump(), secret=None if is_repeated else secret)


@router.get("")
async def list_keys(caller: Admin, services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Page[KeyOut]:
    """The tenant's keys, newest first, revoked ones included."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    async with services.ledger.read() as uow:
        keys = await uow.api_keys.list(caller.tenant_id)
    keys = sorted(keys, key=lambda key: (key.created_at, key.id), reverse=True)
    if after is not None:
        keys = [key for key in keys if (key.created_at, key.id) < (after.created_at, after.id)]
    items = [_key_out(key) for key in keys[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, keys, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.delete("/{key_id}", status_code=204)
async def revoke_key(caller: Admin, services: ServicesDep, key_id: KeyId) -> None:
    """Revoke a key: the next request with it is refused."""
    async with services.ledger.write() as uow:
        await uow.tenants.lock(caller.tenant_id)
        keys = await uow.api_keys.list(caller.tenant_id)
        revoked = next((key for key in keys if key.id == key_id and key.revoked_at is None), None)
        if revoked is None:
            raise KeyNotFound
        admins = [key for key in keys if key.role is Role.ADMIN and key.revoked_at is None]
        if admins == [revoked]:
            raise LastAdminKey
        await uow.api_keys.revoke(caller.tenant_id, key_id, services.clock.now())


def _key_out(key: ApiKey) -> KeyOut:
    return KeyOut(
        id=key.id,
        principal_id=key.principal_id,
        role=key.role,
        groups=sorted(key.groups),
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )
