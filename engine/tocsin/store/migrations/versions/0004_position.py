"""The newest position beside the journal, from which the last rows cannot be taken away unnoticed."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""INSERT INTO meta (key, value) SELECT 'position', CAST(max(
        coalesce((SELECT max(position) FROM journal), 0), coalesce((SELECT max("last") FROM segments), 0)) AS TEXT)""")
