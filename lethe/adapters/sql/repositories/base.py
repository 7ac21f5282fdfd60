"""What every repository has."""

from sqlalchemy.ext.asyncio import AsyncConnection


class SqlRepository:
    """Works inside the transaction its connection is in."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
