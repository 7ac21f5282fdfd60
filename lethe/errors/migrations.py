"""Migrations that cannot be begun, or not be steered as asked."""

from lethe.errors.requests import ClientError, NotFound


class MigrationNotFound(NotFound):
    code = "migration_not_found"
    title = "There is no such migration"


class MigrationInProgress(ClientError):
    code = "migration_in_progress"
    status = 409
    title = "Another migration of this tenant is under way"
    advice = "Wait until it has ended, or end it, and repeat."


class IllegalMigrationMove(ClientError):
    code = "illegal_migration_move"
    status = 409
    title = "The migration is not in a state that takes this"
    advice = "Read the migration; its state says what it takes."


class UnknownEmbeddingModel(ClientError):
    code = "unknown_embedding_model"
    status = 422
    title = "No configured embedding model has this name"
    advice = "Name one of embedding.provider and embedding.others, by its model or its whole spec."


class ChunksTooLong(ClientError):
    code = "chunks_too_long"
    status = 422
    title = "The model takes shorter texts than the chunks are"
    advice = "Set chunks.target_tokens lower and read the documents in again first, or choose another model."


class MigrationOverBudget(ClientError):
    code = "migration_over_budget"
    status = 409
    title = "The migration costs more than it may"
    advice = "Resume it with a higher budget_micros, or abort it."


class TextsRefused(ClientError):
    code = "texts_refused"
    status = 409
    title = "The model to go back to refuses texts that are served now"
    advice = "Delete or change their documents, or repeat with despite_refused: only their words find these texts then."


class IndexParametersNotAllowed(ClientError):
    code = "index_parameters_not_allowed"
    status = 422
    title = "The installation does not keep an index in this way"
    advice = "Take parameters that migrations.* of the settings allow."


class CanaryNotAllowed(ClientError):
    code = "canary_not_allowed"
    status = 403
    title = "Others are not made to wait for this tenant"
    advice = "Begin without `canary`, or let the operator name the tenant in migrations.canary_tenants."
