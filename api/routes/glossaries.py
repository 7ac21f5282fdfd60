"""The words of a tenant's house: what else they are called, for searches."""

from fastapi import APIRouter

from api.dependencies import ServicesDep
from api.schemas.glossaries import GlossaryIn, GlossaryOut
from api.security import Admin

router = APIRouter(prefix="/v1/tenant/glossary", tags=["glossary"])


@router.get("")
async def read_glossary(caller: Admin, services: ServicesDep) -> GlossaryOut:
    """The glossary in force."""
    return GlossaryOut.model_validate(await services.glossaries.get(caller))


@router.put("")
async def change_glossary(wish: GlossaryIn, caller: Admin, services: ServicesDep) -> GlossaryOut:
    """Replace the glossary, from the next search on."""
    return GlossaryOut.model_validate(await services.glossaries.change(caller, wish.entries))
