"""The tables of the first version, made of those of this one: what each migration adds is taken away again."""

FIRST_TABLES = """\
DROP TABLE gated; DROP TABLE silences;
DROP INDEX suppressed_silence; ALTER TABLE suppressed DROP COLUMN silence;
DELETE FROM meta WHERE key = 'position';
ALTER TABLE segments DROP COLUMN thinned;
DROP INDEX outbox_order; ALTER TABLE outbox DROP COLUMN turn; CREATE INDEX outbox_order ON outbox (id);
DROP INDEX attempts_bundle; ALTER TABLE attempts DROP COLUMN bundle;
UPDATE alembic_version SET version_num = '0001';
"""
