"""Which silence kept a firing back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("suppressed", sa.Column("silence", INT, nullable=False, server_default=sa.text("0")))
    op.create_index("suppressed_silence", "suppressed", ["silence"],
                    sqlite_where=sa.text("silence > 0"), postgresql_where=sa.text("silence > 0"))
