"""The application: routes, and what is around each of them."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.middleware.body_limit import BodyLimit
from api.middleware.context import RequestContext
from api.middleware.errors import ErrorResponses
from api.problems import MEDIA_TYPE, Problems
from api.routes import (
    audits,
    certificates,
    dead_letters,
    documents,
    erasure_findings,
    erasures,
    feedback,
    glossaries,
    health,
    ingestions,
    keys,
    migrations,
    models,
    probes,
    processors,
    quarantines,
    questions,
    reindexing,
    restrictions,
    retention,
    schedules,
    selections,
    sources,
    syncs,
    usage,
    webhooks,
)
from api.routes.docs import add_docs
from api.schemas.problems import Problem
from api.security import DOCS, SCHEMES, Authentication
from api.services import Services

_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "Problem details (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "model": Problem,
    }
}


def create_app(services: Services) -> FastAPI:
    """The API over these services, which the caller opens and closes."""
    settings = services.settings
    problems = Problems(settings.api.docs_url)
    app = FastAPI(
        title="Lethe",
        version="1",
        summary="Remembers durably, forgets provably.",
        openapi_url=DOCS[1],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_ERRORS,
        exception_handlers={HTTPException: problems.handle, RequestValidationError: problems.handle},
    )
    app.state.services = services
    # The last one added is the outermost.
    app.add_middleware(
        BodyLimit,
        document_bytes=settings.limits.document_bytes,
        json_bytes=settings.limits.json_bytes,
        bulk_bytes=settings.bulk.request_bytes,
    )
    app.add_middleware(
        Authentication, ledger=services.ledger, questions=services.questions, public_docs=settings.api.public_docs
    )
    app.add_middleware(ErrorResponses, problems=problems)
    app.add_middleware(RequestContext)
    for router in (
        selections.router,
        documents.router,
        ingestions.router,
        certificates.router,
        erasures.router,
        erasure_findings.router,
        restrictions.router,
        questions.router,
        feedback.router,
        models.router,
        keys.router,
        dead_letters.router,
        webhooks.router,
        sources.router,
        syncs.router,
        schedules.router,
        quarantines.router,
        audits.router,
        retention.router,
        reindexing.router,
        migrations.router,
        processors.router,
        probes.router,
        glossaries.router,
        usage.router,
        health.keyed,
    ):
        app.include_router(router, dependencies=SCHEMES)
    app.include_router(health.public)
    add_docs(app)
    return app
