"""The tables: what is true now, and the journal that proves and explains it.

Instants are microseconds UTC on the engine's clock; every ``body`` is the JSON of the domain value of that name
(``tocsin.domain.codec``). Only the commit thread writes; everybody else reads through read-only connections.
A change of any table needs a migration beside it (``store/migrations/versions``); a test compares the two.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

Int = BigInteger().with_variant(Integer(), "sqlite")

TO_SEND = "state IN ('queued', 'failed_temporary', 'unknown')"
"""The outbox rows that still have to leave; the partial indices ``outbox_due`` and ``outbox_order`` hold just these."""

metadata = MetaData()

# What the store knows about itself: site secret, mode, creation, last heartbeat. Values are text.
meta = Table(
    "meta", metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Every rule book that ever held; ``body`` is encode_content's, ``loaded`` the instant it was stored.
books = Table(
    "books", metadata,
    Column("number", Int, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("loaded", Int, nullable=False),
)

# Hot rows of the journal: not yet sealed. ``kind`` is the input's tag, ``effect`` a digest of its changes (NULL
# when it changed nothing), ``reason`` NULL or why it was rejected (``state`` is ok or rejected). ``identity`` is what
# recognises a repetition, NULL when nothing does.
journal = Table(
    "journal", metadata,
    Column("position", Int, primary_key=True, autoincrement=False),
    Column("at", Int, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("effect", LargeBinary),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("identity", LargeBinary),
)

# Sealed runs of the journal, chained by their roots; kept for ever. ``books`` lists the numbers in force,
# ``thinned`` is NULL while all rows are kept, then what proves those that are (``retention``).
segments = Table(
    "segments", metadata,
    Column("number", Int, primary_key=True, autoincrement=False),
    Column("first", Int, nullable=False),
    Column("last", Int, nullable=False),
    Column("since", Int, nullable=False),
    Column("until", Int, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("engine", Text, nullable=False),
    Column("books", Text, nullable=False),
    Column("format", Int, nullable=False),
    Column("bytes", Int, nullable=False),
    Column("thinned", LargeBinary),
)

# The compressed body of a segment in pieces small enough for one commit; when journal.keep is over, what incidents rest
# on.
segment_parts = Table(
    "segment_parts", metadata,
    Column("segment", Int, primary_key=True, autoincrement=False),
    Column("part", Int, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

# The identities of a segment's inputs one after the other, for as long as repetitions are recognised.
identities = Table(
    "identities", metadata,
    Column("segment", Int, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

# ``live`` is 1 while the core may still touch it: open, or closed and to be looked at again. ``board`` is 0 for a
# state. ``rank`` is the severity's, 0 to 4. ``key`` is key_of(incident.key).
incidents = Table(
    "incidents", metadata,
    Column("id", Int, primary_key=True, autoincrement=False),
    Column("rule", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("board", Int, nullable=False),
    Column("condition", Text, nullable=False),
    Column("response", Text, nullable=False),
    Column("rank", Int, nullable=False),
    Column("opened", Int, nullable=False),
    Column("closed", Int),
    Column("live", Int, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("incidents_live", "id", sqlite_where=text("live = 1"), postgresql_where=text("live = 1")),
)

activations = Table(
    "activations", metadata,
    Column("incident", Int, primary_key=True, autoincrement=False),
    Column("number", Int, primary_key=True, autoincrement=False),
    Column("at", Int, nullable=False),
    Column("cleared", Int),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Which inputs an incident rests on: every position whose changes touched it.
evidence = Table(
    "evidence", metadata,
    Column("incident", Int, primary_key=True, autoincrement=False),
    Column("position", Int, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# ``position`` is the journal position that the window's body is good for.
windows = Table(
    "windows", metadata,
    Column("rule", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("position", Int, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

timers = Table(
    "timers", metadata,
    Column("id", Text, primary_key=True),
    Column("due", Int, nullable=False),
    Column("incident", Int, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# ``id`` and ``turn`` are the notification's, ``rank`` is the severity's. ``due`` is the next try. A ``reason`` while
# the state is ``started`` means: withdrawn in flight, must not be tried again.
outbox = Table(
    "outbox", metadata,
    Column("id", Int, primary_key=True, autoincrement=False),
    Column("incident", Int, nullable=False),
    Column("activation", Int, nullable=False),
    Column("kind", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("rank", Int, nullable=False),
    Column("created", Int, nullable=False),
    Column("expires", Int),
    Column("due", Int, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Int, nullable=False),
    Column("reason", Text),
    Column("provider_id", Text),
    Column("body", LargeBinary, nullable=False),
    Column("turn", Int, nullable=False, server_default=text("0")),
    Index("outbox_due", "channel", "due", sqlite_where=text(TO_SEND), postgresql_where=text(TO_SEND)),
    Index("outbox_order", "channel", "rank", "turn", "created", "id",
          sqlite_where=text(TO_SEND), postgresql_where=text(TO_SEND)),
    Index("outbox_sms", "person", "id",
          sqlite_where=text("channel = 'sms'"), postgresql_where=text("channel = 'sms'")),
    Index("outbox_started", "id", sqlite_where=text("state = 'started'"), postgresql_where=text("state = 'started'")),
    Index("outbox_incident", "incident"),
    Index("outbox_provider", "channel", "provider_id",
          sqlite_where=text("provider_id IS NOT NULL"), postgresql_where=text("provider_id IS NOT NULL")),
)

# ``bundle`` is the first notification of the list that was sent, 0 of a message that stands alone.
attempts = Table(
    "attempts", metadata,
    Column("id", Int, primary_key=True),
    Column("notification", Int, nullable=False),
    Column("number", Int, nullable=False),
    Column("started", Int, nullable=False),
    Column("ended", Int),
    Column("state", Text, nullable=False),
    Column("address", Text),
    Column("provider_id", Text),
    Column("detail", Text),
    Column("repeat", Int, nullable=False, server_default=text("0")),
    Column("text", Text),
    Column("bundle", Int, nullable=False, server_default=text("0")),
    Index("attempts_notification", "notification"),
    Index("attempts_bundle", "bundle", sqlite_where=text("bundle > 0"), postgresql_where=text("bundle > 0")),
    Index("attempts_started", "started"),
)

suppressed = Table(
    "suppressed", metadata,
    Column("id", Int, primary_key=True),
    Column("position", Int, nullable=False),
    Column("at", Int, nullable=False),
    Column("rule", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("incident", Int, nullable=False),
    Column("silence", Int, nullable=False, server_default=text("0")),
    Index("suppressed_incident", "incident",
          sqlite_where=text("incident > 0"), postgresql_where=text("incident > 0")),
    Index("suppressed_silence", "silence",
          sqlite_where=text("silence > 0"), postgresql_where=text("silence > 0")),
)

noted = Table(
    "noted", metadata,
    Column("id", Int, primary_key=True),
    Column("position", Int, nullable=False),
    Column("at", Int, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("incident", Int, nullable=False),
    Column("rule", Text, nullable=False),
    Column("person", Text, nullable=False),
    Index("noted_incident", "incident",
          sqlite_where=text("incident > 0"), postgresql_where=text("incident > 0")),
)

addresses = Table(
    "addresses", metadata,
    Column("person", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# The content of policies that escalations rest on, by content hash.
policies = Table(
    "policies", metadata,
    Column("hash", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# What the gates of rules (``gate`` is during or unless) remember of a condition: the core's Gated.
gated = Table(
    "gated", metadata,
    Column("rule", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("gate", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Every silence there ever was; ``ended`` is NULL while it lasts.
silences = Table(
    "silences", metadata,
    Column("id", Int, primary_key=True, autoincrement=False),
    Column("until", Int, nullable=False),
    Column("ended", Int),
    Column("body", LargeBinary, nullable=False),
)

# Numbers that must never be given twice: last_incident, last_notification.
counters = Table(
    "counters", metadata,
    Column("name", Text, primary_key=True),
    Column("value", Int, nullable=False),
    sqlite_with_rowid=False,
)
