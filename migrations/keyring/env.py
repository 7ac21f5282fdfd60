"""alembic's entry into this branch; see migrations.environment."""

from migrations.environment import run

run()
