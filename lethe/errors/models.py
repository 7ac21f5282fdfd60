"""Language models that give no answer. The class says what the chain does next."""

from lethe.errors.base import FailureClass, LetheError
from lethe.errors.stores import Unavailable


class BreakerOpen(Unavailable):
    """Nothing was called: ``retry_after`` says when a call would be let through."""

    code = "breaker_open"
    title = "It failed so often that it is left alone for a while"


class ModelUnavailable(Unavailable):
    """Time limit, connection, 5xx, an answer that breaks off: before its first token the next model is asked."""

    code = "model_unavailable"
    title = "No language model answered"


class ModelRateLimited(ModelUnavailable):
    """429. With an ``asked_delay`` that fits the deadline it may be worth waiting; else the next model is asked."""

    code = "model_rate_limited"
    title = "The language model's provider asks for patience"


class ModelContextOverflow(LetheError):
    """Only a model that takes more can answer this."""

    code = "model_context_overflow"
    status = 502
    title = "The question and its passages are longer than the language model takes"
    advice = "Configure a model with a larger context, or lower `answering.context_tokens`."
    failure_class = FailureClass.PERMANENT


class ModelMisconfigured(LetheError):
    """Key, address, name of the model, or the request itself: neither tried again nor handed to the next model."""

    code = "model_misconfigured"
    status = 502
    title = "The language model's provider refuses the request"
    advice = "Correct the provider's key, address or model in the settings."
    failure_class = FailureClass.PERMANENT


class ModelBudget(ModelMisconfigured):
    """Neither tried again nor handed to the next model: somebody has to pay."""

    code = "model_budget"
    title = "The quota or credit with the language model's provider is used up"
    advice = "Raise the limit or the credit at the provider."
