"""Sources of documents: addresses that are not taken, and what listing and reading meets."""

from lethe.errors.base import FailureClass, LetheError
from lethe.errors.requests import ClientError
from lethe.errors.stores import ConfigurationError, Unavailable


class SourceAddressRefused(ClientError):
    """Also what an address that was taken leads to: a redirect, a name that resolves elsewhere by now."""

    code = "source_address_refused"
    status = 422
    title = "The address cannot be a source"
    advice = "Give one the operator allows: a page or repository on the public internet, without user or password."


class SourceCredentialsUnknown(ClientError):
    code = "source_credentials_unknown"
    status = 422
    title = "There are no credentials of that name for this address"
    advice = "Name an entry of `sources.credentials` that is for this tenant and this address."


class SourceAccessDenied(LetheError):
    code = "source_access_denied"
    status = 502
    title = "The source refuses the credentials"
    advice = "Correct the entry of `sources.credentials` that the source names, or its rights."
    failure_class = FailureClass.PERMANENT


class SourceMissing(LetheError):
    code = "source_missing"
    status = 502
    title = "There is nothing at the source's address"
    advice = "Correct the address, or bring the folder, bucket, page or repository back."
    failure_class = FailureClass.PERMANENT


class SourceTooManyItems(LetheError):
    code = "source_too_many_items"
    status = 422
    title = "The source holds more items than it may"
    advice = "Narrow the source's address or filters, or raise its limit of items."
    failure_class = FailureClass.PERMANENT


class SourceUnavailable(Unavailable):
    code = "source_unavailable"
    title = "The source does not answer"


class SourceTimedOut(Unavailable):
    code = "source_timed_out"
    title = "The source did not answer in time"


class SourceListingIncomplete(Unavailable):
    """Nothing may be taken for vanished."""

    code = "source_listing_incomplete"
    title = "A part of the source could not be listed"


class SourceItemChanged(Unavailable):
    code = "source_item_changed"
    title = "The item is not the one that was listed any more"
    advice = "The next sync takes it as it is then."


class SourceItemGone(LetheError):
    code = "source_item_gone"
    status = 404
    title = "The item vanished after it was listed"
    advice = "The next sync deletes its document, if it does not come back."
    failure_class = FailureClass.PERMANENT


class SourceItemTooLarge(LetheError):
    code = "source_item_too_large"
    status = 413
    title = "The item is larger than the source's filters allow"
    advice = "Raise the source's limit of bytes, or exclude the item."
    failure_class = FailureClass.PERMANENT


class SourceToolMissing(ConfigurationError):
    code = "source_tool_missing"
    title = "The program or package that reads such a source is not installed"
    advice = "Install what the detail names."
