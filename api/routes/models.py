"""Who answers: the chain of language models, which of them are left alone just now, and what they cost."""

from typing import Final

from fastapi import APIRouter

from api.dependencies import ServicesDep
from api.schemas.models import BreakerOut, ModelOut, ModelsOut, PriceOut
from api.security import Reader
from lethe.model.breakers import Phase
from lethe.model.indexes import BuildKind
from lethe.ports.breakers import BreakerView, chat_breaker

router = APIRouter(prefix="/v1/models", tags=["questions"])

_UNUSED: Final = BreakerView(Phase.CLOSED, 0.0)


@router.get("")
async def list_models(caller: Reader, services: ServicesDep) -> ModelsOut:
    """The language models in the order they are tried, with their circuit breakers and prices."""
    answering = services.settings.answering
    states = await services.breakers.states()
    allowed = (await services.provider_policy.get(caller)).allowed
    async with services.ledger.read() as uow:
        build = await uow.builds.active(caller.tenant_id, BuildKind.VECTOR)
    return ModelsOut(
        chain=[
            ModelOut(
                provider=entry.provider,
                model=entry.model,
                tier=entry.tier,
                context_tokens=entry.context_tokens,
                is_allowed=allowed is None or entry.provider in allowed,
                breaker=BreakerOut.model_validate(states.get(chat_breaker(entry.provider, entry.model), _UNUSED)),
                price=PriceOut.model_validate(answering.price(entry.name)),
            )
            for entry in services.settings.chat_chain
        ],
        prompt=answering.prompt,
        embedding_spec=build.spec if build else services.answering.embedder.spec.key,
        breakers={name: BreakerOut.model_validate(state) for name, state in states.items()},
        currency=answering.currency,
        prices=[PriceOut.model_validate(price) for price in answering.prices],
    )
