"""Around every call of an outside processor: the tenant's policy before it, a row before it, its outcome after it."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from lethe.errors import LetheError, ProviderNotAllowed, Unavailable
from lethe.model.ids import new_id
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import ANSWERED, SENT, Origin, Processor, ProcessorCall, Spent
from lethe.ports.clock import Clock
from lethe.ports.embedding import Embedder, InputKind, Tokenizer, Vectors
from lethe.ports.ledger import Ledger
from lethe.privacy.provider_policy import is_allowed
from lethe.settings import AnsweringSettings, Price
from lethe.telemetry import PROCESSOR_COST

_log: Final = logging.getLogger("lethe.processors")
_MILLION: Final = 1_000_000


def cost_micros(price: Price, tokens_in: int, tokens_out: int, calls: int) -> int:
    """In millionths of the currency, a half rounded up."""
    tokens = price.input_micros * tokens_in + price.output_micros * tokens_out
    return (tokens + _MILLION // 2) // _MILLION + price.call_micros * calls


@dataclass(slots=True)
class Outcome:
    """Filled in by the call: tokens that went in and came back, as the processor counted or as they are estimated."""

    tokens: int = 0
    tokens_out: int = 0
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class ProcessorLedger:
    """The record of what left the installation and what it cost. Wraps calls; no vendor's file knows it."""

    ledger: Ledger
    clock: Clock
    prices: AnsweringSettings = field(default_factory=AnsweringSettings)

    @asynccontextmanager
    async def call(
        self, processor: Processor, origin: Origin, inputs: int, *, tokens: int = 0, most_out: int = 0
    ) -> AsyncGenerator[Outcome]:
        """Record a call that the block makes. What cannot be recorded is not sent.

        Raises ProviderNotAllowed if the tenant does not allow the provider, LedgerUnavailable. A call whose end is
        never recorded (the process died, the caller went away) stays `sent`: it may have arrived. It then counts as
        having taken the ``tokens`` sent and ``most_out``, both estimated, and so does one that nobody answered.
        """
        expected = self._spent(processor, Outcome(tokens, most_out, is_estimated=True), calls=1)
        call = ProcessorCall(
            tenant_id=origin.tenant_id,
            id=new_id(),
            provider=processor.provider,
            region=processor.region,
            model=processor.model,
            operation=processor.operation,
            inputs=inputs,
            tokens=tokens,
            status=SENT,
            created_at=self.clock.now(),
            principal_id=origin.principal_id,
            tokens_out=most_out,
            cost_micros=expected.cost_micros,
            currency=self.prices.currency,
            is_estimated=True,
        )
        async with self.ledger.write() as uow:
            tenant = await uow.tenants.get(origin.tenant_id)
            allowed = tenant.allowed_providers if tenant else ()
            if not is_allowed(allowed, processor.provider):
                raise ProviderNotAllowed(f"The tenant does not allow {processor.provider}.")
            await uow.processor_calls.add(call, origin.refs)
        outcome = Outcome()
        try:
            yield outcome
        except Exception as error:
            code = error.code if isinstance(error, LetheError) else LetheError.code
            arrived = _may_have_arrived(error)
            spent = self._spent(processor, outcome, calls=int(arrived))
            await self._finish(call, code, expected if arrived and not outcome.tokens else spent)
            raise
        await self._finish(call, ANSWERED, self._spent(processor, outcome, calls=1))

    def _spent(self, processor: Processor, outcome: Outcome, calls: int = 0) -> Spent:
        price = self.prices.price(f"{processor.provider}:{processor.model}")
        cost = cost_micros(price, outcome.tokens, outcome.tokens_out, calls)
        return Spent(outcome.tokens, outcome.tokens_out, cost, outcome.is_estimated)

    async def _finish(self, call: ProcessorCall, status: str, spent: Spent) -> None:
        PROCESSOR_COST.labels(call.operation.value, call.currency).inc(spent.cost_micros)
        try:
            async with self.ledger.write() as uow:
                await uow.processor_calls.finish(call.tenant_id, call.id, status, spent, self.clock.now())
        except LetheError as error:
            # What came back is paid for and good; the row says that it was sent, which is what matters.
            _log.warning("outcome of a call not kept", extra={"ref": call.id, "code": error.code})


def _may_have_arrived(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or (isinstance(error, Unavailable) and error.is_unanswered)


@dataclass(frozen=True, slots=True)
class EmbedderFor:
    """An Embedder whose every text has the same origin, for code that knows neither tenants nor documents."""

    embedder: Embedder
    origin: Origin

    @property
    def spec(self) -> EmbeddingSpec:
        return self.embedder.spec

    @property
    def tokenizer(self) -> Tokenizer:
        return self.embedder.tokenizer

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        return await self.embedder.embed(texts, kind, origin or self.origin)

    async def warm_up(self) -> None:
        await self.embedder.warm_up()
