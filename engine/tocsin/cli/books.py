"""Reading a site's files for a command."""

import os
from pathlib import Path

from tocsin.book.book import Content
from tocsin.book.content import read_content
from tocsin.domain.errors import Finding, TocsinError
from tocsin.settings import Settings, load_settings


def read_site(config: Path, *, require_secrets: bool = False) -> tuple[Settings, Content, tuple[Finding, ...]]:
    """The settings and the content beside them, with warnings; BookError or SettingsError when they are wrong."""
    settings = load_settings(config, environ=os.environ, require_secrets=require_secrets)
    content, warnings = read_content(settings.home, settings)
    return settings, content, warnings


def read_rules(settings: Settings, rules: Path | None) -> Content:
    """The content of a home with another folder in place of its rules/; TocsinError when there is no such folder."""
    if rules is not None and not rules.is_dir():
        raise TocsinError(f"there is no folder {rules}: give the folder of the new rules with --rules")
    return read_content(settings.home, settings, rules)[0]


def read_content_of(settings: Settings) -> Content:
    """The content beside a config.yaml; BookError when it is wrong."""
    return read_content(settings.home, settings)[0]
