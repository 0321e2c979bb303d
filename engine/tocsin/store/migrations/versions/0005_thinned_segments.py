"""What proves the rest of a segment whose time is over."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("segments", sa.Column("thinned", sa.LargeBinary(), nullable=True))
