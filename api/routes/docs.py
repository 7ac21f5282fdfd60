"""The API page, without a network: Swagger UI's files come from a wheel.

It needs a key like every route: a browser asks for it, the key is the password and the user name does not matter. It
holds nothing of any tenant, so `api.public_docs` may open it.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from api.security import DOCS, DOCS_ASSETS

_ASSETS: Final = Path(str(files("fastapi_offline").joinpath("static")))


def add_docs(app: FastAPI) -> None:
    """Add the page and its files."""
    page, openapi = DOCS

    async def show_docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=openapi,
            title=app.title,
            swagger_js_url=f"{DOCS_ASSETS}swagger-ui-bundle.js",
            swagger_css_url=f"{DOCS_ASSETS}swagger-ui.css",
            swagger_favicon_url=f"{DOCS_ASSETS}favicon.png",
        )

    app.add_api_route(page, show_docs, include_in_schema=False)
    app.mount(DOCS_ASSETS.rstrip("/"), StaticFiles(directory=_ASSETS), name="docs-assets")
