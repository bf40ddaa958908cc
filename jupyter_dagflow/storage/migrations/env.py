"""What alembic runs: our migrations, on the connection and in the transaction that it is handed."""

from alembic import context

from jupyter_dagflow.storage.schema import VERSION_TABLE
from jupyter_dagflow.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
