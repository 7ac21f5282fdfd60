"""Webhooks: the caller's mistakes, and what an attempt to deliver met."""

from lethe.errors.requests import ClientError, NotFound
from lethe.errors.stores import Unavailable


class WebhookNotFound(NotFound):
    code = "webhook_not_found"
    title = "There is no such webhook"


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    title = "There is no such delivery"


class DeliveryNotDead(ClientError):
    code = "delivery_not_dead"
    status = 409
    title = "The delivery was made, or is still being tried"
    advice = "Only a dead delivery can be delivered again."


class WebhookUrlRefused(ClientError):
    code = "webhook_url_refused"
    status = 422
    title = "The address cannot be a webhook"
    advice = "Give an https address on the public internet, without credentials or a fragment."


class WebhookAddressRefused(Unavailable):
    code = "webhook_address_refused"
    title = "The webhook's name leads to an address that is not on the public internet"
    advice = "Correct the name, or set `webhooks.allow_private` where the address is meant."


class WebhookUnreachable(Unavailable):
    code = "webhook_unreachable"
    title = "The webhook's server cannot be reached"


class WebhookTimedOut(Unavailable):
    code = "webhook_timed_out"
    title = "The webhook's server did not answer in time"


class WebhookRejected(Unavailable):
    code = "webhook_rejected"
    title = "The webhook's server answered with a status other than 2xx"


class WebhookRedirected(Unavailable):
    code = "webhook_redirected"
    title = "The webhook's server sent a redirect, which is not followed"


class WebhookGone(Unavailable):
    code = "webhook_gone"
    title = "The webhook's server answered 410, so the webhook was disabled"
