"""The data map against what is really there: the migrated schemas of both engines, the erasers' code."""

import importlib
from functools import reduce

import pytest
from sqlalchemy import Connection, inspect

from lethe.adapters.keywords import keywords_from_settings
from lethe.adapters.sql.engine import make_engines, transaction
from lethe.adapters.tokens.memory import KEPT_SECONDS
from lethe.model.ids import new_id
from lethe.privacy.data_map import (
    BLOB_STAMP,
    BLOBS,
    KEYRING,
    KEYWORDS,
    LEDGER,
    PLACES,
    VECTOR_STAMP,
    VECTORS,
    Category,
    Field,
    Key,
    Place,
    volatile_columns,
)
from lethe.privacy.short_lived import MEMORY_SECONDS
from lethe.settings import Settings
from migrations import BRANCHES
from tests.contract.keyword_index import keyword_build
from tests.integration.installation import Installation
from tests.integration.snapshot import all_objects, blob_names, vector_store
from tests.keyword_rows import keyword_columns

_DECLARED = {"ledger": LEDGER, "keyring": KEYRING}


def _declared(places: tuple[Place, ...]) -> set[str]:
    return {f"{place.name}.{field.name}" for place in places for field in place.fields}


def _names(place: Place) -> set[str]:
    return {field.name for field in place.fields}


def _live(connection: Connection) -> dict[str, str]:
    """Every column of the database with its type, alembic's own table apart."""
    inspector = inspect(connection)
    tables = [table for table in inspector.get_table_names() if table != "alembic_version"]
    return {
        f"{table}.{column['name']}": str(column["type"]) for table in tables for column in inspector.get_columns(table)
    }


async def _live_schema(settings: Settings, branch: str) -> dict[str, str]:
    engines = make_engines(BRANCHES[branch].url(settings), settings.sql)
    async with transaction(engines.reading) as connection:
        live = await connection.run_sync(_live)
    await engines.close()
    return live


@pytest.mark.parametrize("branch", list(BRANCHES))
async def test_every_column_is_declared_and_every_declaration_is_a_column(sql_settings: Settings, branch: str):
    live = set(await _live_schema(sql_settings, branch))
    assert live - _declared(_DECLARED[branch]) == set(), "columns without a declaration"
    assert _declared(_DECLARED[branch]) - live == set(), "declarations without a column"


@pytest.mark.parametrize("branch", list(BRANCHES))
async def test_content_is_sealed_bytes_and_sealed_bytes_are_content(sql_settings: Settings, branch: str):
    live = await _live_schema(sql_settings, branch)
    binary = {column for column, kind in live.items() if kind in {"BLOB", "BYTEA"}}
    sealed = {
        f"{place.name}.{field.name}"
        for place in _DECLARED[branch]
        for field in place.fields
        if field.category in {Category.CONTENT, Category.IDENTIFIER}
    }
    assert binary == sealed
    assert all(_field(name, branch).key is not Key.CLEAR for name in sealed)


async def test_a_new_column_is_noticed(postgres_settings: Settings):
    """The positive control: the comparison fails when it should."""
    engines = make_engines(postgres_settings.sql_url, postgres_settings.sql)
    async with transaction(engines.writing) as connection:
        await connection.exec_driver_sql("ALTER TABLE chunks ADD COLUMN summary text")
        live = set(await connection.run_sync(_live))
        await connection.rollback()
    await engines.close()
    assert live - _declared(LEDGER) == {"chunks.summary"}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(300)
async def test_vector_store_and_blobs_hold_what_is_declared(running: Installation) -> None:
    receipt = await running.ingest("The dry dock is pumped at low tide.", "file:///dock.txt", metadata={"team": "yard"})
    await running.result(receipt)
    async with vector_store(running) as client:
        configs = await client.collections.list_all(simple=False)
        vectors = {name async for item in all_objects(client) for name in item.vector}
    stamp = configs.pop(VECTOR_STAMP.name)
    assert ([each.name for each in stamp.properties], stamp.description) == ([], running.settings.environment.value)
    assert configs
    for name, config in configs.items():
        assert {each.name for each in config.properties} == _names(VECTORS) - {"vector"}, name
    assert vectors == {"default"}

    below, above = set[str](), set[str]()
    for name in blob_names(running):
        folder, _, file = name.rpartition("/")
        (below if folder else above).add(file)
        assert not folder or folder.split("/") == [running.caller.tenant_id, receipt.version_id]
    assert (below, above) == (_names(BLOBS), _names(BLOB_STAMP))


async def test_every_column_of_a_keyword_build_is_declared(sql_settings: Settings) -> None:
    keywords = keywords_from_settings(sql_settings)
    await keywords.create_build(keyword_build(new_id()))
    await keywords.close()
    declared, found = _names(KEYWORDS), await keyword_columns(sql_settings.sql_url, sql_settings.keyword_folder)
    # SQLite's own row numbers, and its names of the same things.
    assert found - declared <= {"id", "version", "reader", "attribute", "terms"}
    assert declared - found <= {"words", "readers", "attributes"}


def test_no_place_or_field_is_declared_twice():
    for places in (*_DECLARED.values(), PLACES[len(LEDGER) + len(KEYRING) :]):
        assert len({place.name for place in places}) == len(places)
    for place in PLACES:
        assert len({field.name for field in place.fields}) == len(place.fields), place.name


@pytest.mark.parametrize("eraser", sorted({eraser for place in PLACES for eraser in place.erasers}))
def test_every_eraser_is_code_that_exists(eraser: str):
    module, _, attribute = eraser.partition(":")
    assert callable(reduce(getattr, attribute.split("."), importlib.import_module(module)))


def test_whatever_holds_content_has_an_eraser():
    for place in PLACES:
        if any(field.category in {Category.CONTENT, Category.IDENTIFIER} for field in place.fields):
            assert place.erasers or place.lifetime_seconds in {KEPT_SECONDS, MEMORY_SECONDS}, place.name


def test_clocks_are_volatile_and_content_is_not():
    volatile = volatile_columns()
    assert set(volatile) == {place.name for place in LEDGER}
    for place in LEDGER:
        clocks = {field.name for field in place.fields if field.name.endswith("_at")}
        assert clocks <= volatile[place.name]
        assert not {name for name in volatile[place.name] if name.startswith("sealed_")}


def _field(name: str, branch: str) -> Field:
    table, _, column = name.partition(".")
    place = next(place for place in _DECLARED[branch] if place.name == table)
    return next(field for field in place.fields if field.name == column)
