"""A wish names the fields it changes and leaves the others as they are."""

from datetime import UTC, datetime

import pytest

from lethe.errors import InvalidRequest
from lethe.ingestion.metadata import Change, Fields, new_fields, open_fields, sealed_into
from lethe.ingestion.requests import MetadataPatch, UploadRequest
from lethe.ingestion.rights import may_read
from lethe.model.documents import Status, Version
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.privacy.sealing import Purpose, seal_text

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY, DIGEST_KEY = bytes(32), b"d" * 32
TENANT, DOCUMENT = new_id(), new_id()
BEFORE = Fields("file:///a.txt", "Old", {"a": 1}, ("r1", "r2"), "internal")
NOBODY = Caller(TENANT, new_id(), Role.ADMIN)


def version(submission: int, status: Status = Status.PENDING, readers: tuple[Id, ...] = (TENANT,)) -> Version:
    return Version(
        TENANT, new_id(), DOCUMENT, submission, 0, status, "", readers, "internal", b"",
        seal_text(KEY, Purpose.TITLE, "Its own"), b"", NOON, NOON,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "after"),
    [
        (MetadataPatch(), BEFORE),
        (UploadRequest(), BEFORE),
        (MetadataPatch(title="New"), Fields("file:///a.txt", "New", {"a": 1}, ("r1", "r2"), "internal")),
        (MetadataPatch(metadata={}), Fields("file:///a.txt", "Old", {}, ("r1", "r2"), "internal")),
        (MetadataPatch(readers=("r3", "r1", "r3")), Fields("file:///a.txt", "Old", {"a": 1}, ("r1", "r3"), "internal")),
        (MetadataPatch(readers=()), Fields("file:///a.txt", "Old", {"a": 1}, (), "internal")),
        (UploadRequest(classification="secret"), Fields("file:///a.txt", "Old", {"a": 1}, ("r1", "r2"), "secret")),
    ],
)
def test_none_keeps_what_is_there(wish: MetadataPatch | UploadRequest, after: Fields) -> None:
    assert BEFORE.changed_by(wish) == after


def test_a_wish_is_judged_before_it_is_taken() -> None:
    with pytest.raises(InvalidRequest):
        BEFORE.changed_by(MetadataPatch(metadata={"no spaces": 1}))


def test_sealed_fields_open_again() -> None:
    assert open_fields(KEY, sealed_into(version(1), KEY, BEFORE, DIGEST_KEY, NOON)) == BEFORE


def test_a_title_nobody_gave_stays_the_documents_own() -> None:
    sealed = sealed_into(version(1), KEY, new_fields(TENANT, "file:///a.txt"), DIGEST_KEY, NOON)
    assert sealed.sealed_title == sealed_into(sealed, KEY, open_fields(KEY, sealed), DIGEST_KEY, NOON).sealed_title
    assert open_fields(KEY, sealed).title is None


def test_values_of_another_type_are_another_fingerprint() -> None:
    prints = {Fields("", None, {"a": value}, (), "").fingerprint(DIGEST_KEY) for value in (1, 1.0, True, "1")}
    assert len(prints) == 4


@pytest.mark.parametrize("status", list(Status))
def test_a_patch_concerns_what_may_still_go_live(status: Status) -> None:
    change = Change(NOBODY, version(1, Status.READY), MetadataPatch())
    ended = {Status.READY, Status.QUARANTINED, Status.DELETING}
    assert change.concerns(version(2, status)) is (status not in ended)
    assert change.concerns(change.live)


def test_an_uploads_wish_does_not_concern_later_uploads() -> None:
    change = Change(NOBODY, version(1, Status.READY), UploadRequest(), submission=3)
    assert [change.concerns(version(number)) for number in (2, 3, 4)] == [True, False, False]


def test_readers_are_the_principal_its_groups_and_its_tenant() -> None:
    group = new_id()
    reader = Caller(TENANT, new_id(), Role.READER, frozenset({group}))
    assert all(may_read(reader, [one, new_id()]) for one in (reader.principal_id, group, TENANT))
    assert not may_read(reader, [new_id()])
    assert not may_read(reader, [])
    assert may_read(NOBODY, [])
