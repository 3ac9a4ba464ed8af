"""Alembic's entry: runs the migrations on the database that `pipelines.store.database` names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from pipelines.store.tables import metadata

engine = sa.create_engine(context.config.attributes["url"])
with engine.begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()
engine.dispose()
