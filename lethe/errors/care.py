"""What an operator asks for by an id that nobody has."""

from lethe.errors.requests import NotFound


class ReindexNotFound(NotFound):
    code = "reindex_not_found"
    title = "There is no such round of making versions anew"
