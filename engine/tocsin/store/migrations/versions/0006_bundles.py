"""Whose turn it is among what waits, and which attempts were one message."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TO_SEND = sa.text("state IN ('queued', 'failed_temporary', 'unknown')")
IN_A_BUNDLE = sa.text("bundle > 0")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("turn", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False,
                                      server_default=sa.text("0")))
    op.drop_index("outbox_order", "outbox")
    op.create_index("outbox_order", "outbox", ["channel", "rank", "turn", "created", "id"],
                    sqlite_where=TO_SEND, postgresql_where=TO_SEND)
    op.add_column("attempts", sa.Column("bundle", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False,
                                        server_default=sa.text("0")))
    op.create_index("attempts_bundle", "attempts", ["bundle"], sqlite_where=IN_A_BUNDLE, postgresql_where=IN_A_BUNDLE)
