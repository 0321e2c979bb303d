"""What the gates of rules remember, and the silences."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "gated",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "key", "gate"),
        sqlite_with_rowid=False
    )
    op.create_table(
        "silences",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("until", INT, nullable=False),
        sa.Column("ended", INT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id")
    )
