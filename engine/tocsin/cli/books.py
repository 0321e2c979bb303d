"""Reading a site's files for a command."""

import os
from pathlib import Path

from tocsin.book.book import Content
from tocsin.book.content import read_content
from tocsin.domain.errors import Finding
from tocsin.settings import Settings, load_settings


def read_site(config: Path, *, require_secrets: bool = False) -> tuple[Settings, Content, tuple[Finding, ...]]:
    """The settings and the content beside them, with warnings; BookError or SettingsError when they are wrong."""
    settings = load_settings(config, environ=os.environ, require_secrets=require_secrets)
    content, warnings = read_content(settings.home, settings)
    return settings, content, warnings


def read_content_of(settings: Settings) -> Content:
    """The content beside a config.yaml; BookError when it is wrong."""
    return read_content(settings.home, settings)[0]
