"""What is wrong or doubtful about a site whose files can be read, beyond what their reader says."""

from tocsin.app.trials import try_content
from tocsin.book.book import Content
from tocsin.delivery.samples import sample_findings
from tocsin.domain.errors import Finding
from tocsin.domain.time import DAY
from tocsin.replay.trials import failures
from tocsin.roster.findings import reach_findings, roster_findings

AHEAD = 14 * DAY
"""How far rosters are looked at."""


def doubts(content: Content, now: int) -> tuple[Finding, ...]:
    """Rule tests that fail, samples of messages, people whom nothing reaches, rosters from the instant ``now`` on."""
    return (*sample_findings(content), *failures(try_content(content)), *reach_findings(content),
            *roster_findings(content, now, now + AHEAD))
