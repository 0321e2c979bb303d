"""A site for each story."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.site import Site, site_of


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """The town with its panic buttons."""
    async with site_of(tmp_path) as made:
        yield made
