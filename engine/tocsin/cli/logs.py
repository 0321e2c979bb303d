"""Logs: one JSON object a line on standard error; phone numbers masked."""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

_PHONE = re.compile(r"\+\d{3}[\d ]{4,12}(\d{2})\b")


def set_up_logs(level: int = logging.INFO) -> None:
    """Write logs for machines and people; libraries speak only from warnings on."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True),
                    _mask, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)


def _mask(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Phone numbers keep their first and last digits only."""
    return {name: _PHONE.sub(lambda found: f"{found[0][:4]}…{found[1]}", value) if isinstance(value, str) else value
            for name, value in event.items()}
