"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TO_SEND = "state IN ('queued', 'failed_temporary', 'unknown')"


def upgrade() -> None:
    op.create_table(
        "activations",
        sa.Column("incident", INT, autoincrement=False, nullable=False),
        sa.Column("number", INT, autoincrement=False, nullable=False),
        sa.Column("at", INT, nullable=False),
        sa.Column("cleared", INT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "number"),
        sqlite_with_rowid=False
    )
    op.create_table(
        "addresses",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person", "channel")
    )
    op.create_table(
        "attempts",
        sa.Column("id", INT, nullable=False),
        sa.Column("notification", INT, nullable=False),
        sa.Column("number", INT, nullable=False),
        sa.Column("started", INT, nullable=False),
        sa.Column("ended", INT, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("repeat", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("attempts_notification", "attempts", ["notification"])
    op.create_index("attempts_started", "attempts", ["started"])
    op.create_table(
        "books",
        sa.Column("number", INT, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("loaded", INT, nullable=False),
        sa.PrimaryKeyConstraint("number")
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", INT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False
    )
    op.create_table(
        "evidence",
        sa.Column("incident", INT, autoincrement=False, nullable=False),
        sa.Column("position", INT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("incident", "position"),
        sqlite_with_rowid=False
    )
    op.create_table(
        "identities",
        sa.Column("segment", INT, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("segment")
    )
    op.create_table(
        "incidents",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("board", INT, nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("rank", INT, nullable=False),
        sa.Column("opened", INT, nullable=False),
        sa.Column("closed", INT, nullable=True),
        sa.Column("live", INT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("incidents_live", "incidents", ["id"],
        sqlite_where=sa.text("live = 1"), postgresql_where=sa.text("live = 1"))
    op.create_table(
        "journal",
        sa.Column("position", INT, autoincrement=False, nullable=False),
        sa.Column("at", INT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("effect", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("position")
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False
    )
    op.create_table(
        "noted",
        sa.Column("id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("at", INT, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("incident", INT, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("noted_incident", "noted", ["incident"],
        sqlite_where=sa.text("incident > 0"), postgresql_where=sa.text("incident > 0"))
    op.create_table(
        "outbox",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("incident", INT, nullable=False),
        sa.Column("activation", INT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rank", INT, nullable=False),
        sa.Column("created", INT, nullable=False),
        sa.Column("expires", INT, nullable=True),
        sa.Column("due", INT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", INT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("outbox_due", "outbox", ["channel", "due"],
        sqlite_where=sa.text(TO_SEND), postgresql_where=sa.text(TO_SEND))
    op.create_index("outbox_order", "outbox", ["channel", "rank", "created", "id"],
        sqlite_where=sa.text(TO_SEND), postgresql_where=sa.text(TO_SEND))
    op.create_index("outbox_sms", "outbox", ["person", "id"],
        sqlite_where=sa.text("channel = 'sms'"), postgresql_where=sa.text("channel = 'sms'"))
    op.create_index("outbox_incident", "outbox", ["incident"])
    op.create_index("outbox_provider", "outbox", ["channel", "provider_id"],
        sqlite_where=sa.text("provider_id IS NOT NULL"), postgresql_where=sa.text("provider_id IS NOT NULL"))
    op.create_index("outbox_started", "outbox", ["id"],
        sqlite_where=sa.text("state = 'started'"), postgresql_where=sa.text("state = 'started'"))
    op.create_table(
        "policies",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash")
    )
    op.create_table(
        "segment_parts",
        sa.Column("segment", INT, autoincrement=False, nullable=False),
        sa.Column("part", INT, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("segment", "part")
    )
    op.create_table(
        "segments",
        sa.Column("number", INT, autoincrement=False, nullable=False),
        sa.Column("first", INT, nullable=False),
        sa.Column("last", INT, nullable=False),
        sa.Column("since", INT, nullable=False),
        sa.Column("until", INT, nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("books", sa.Text(), nullable=False),
        sa.Column("format", INT, nullable=False),
        sa.Column("bytes", INT, nullable=False),
        sa.PrimaryKeyConstraint("number")
    )
    op.create_table(
        "suppressed",
        sa.Column("id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("at", INT, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("incident", INT, nullable=False),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("suppressed_incident", "suppressed", ["incident"],
        sqlite_where=sa.text("incident > 0"), postgresql_where=sa.text("incident > 0"))
    op.create_table(
        "timers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("due", INT, nullable=False),
        sa.Column("incident", INT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False
    )
    op.create_table(
        "windows",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "key"),
        sqlite_with_rowid=False
    )
