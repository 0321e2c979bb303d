"""The JSON schemas for editors say what the checks say."""

import json

from tocsin.book.rules import RULE
from tocsin.book.schema import schemas
from tocsin.book.words import BUILT_WORDS
from tocsin.settings import SETTINGS, Settings

FILES = {"rules", "events", "people", "services", "schedules", "policies", "config"}


def references(schema):
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for part in schema.values():
            yield from references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from references(part)


def test_there_is_a_schema_for_every_file_of_people():
    """Each is JSON with a dialect, and all its references lead somewhere."""
    found = schemas(SETTINGS)
    assert set(found) == FILES
    for schema in json.loads(json.dumps(found)).values():
        assert schema["$schema"].startswith("https://json-schema.org/")
        for reference in references(schema):
            assert reference.removeprefix("#/$defs/") in schema["$defs"]


def test_the_schema_of_rules_knows_exactly_the_keys_that_are_read():
    """The same shapes give both, so neither can know more."""
    rule = schemas(SETTINGS)["rules"]["properties"]["rules"]["items"]
    assert set(rule["properties"]) == set(RULE.fields) == {
        "rule", "say", "when", "per", "during", "unless", "clear", "severity", "escalate_to", "advice", "labels",
        "limits", "enabled", "tests"}
    assert rule["additionalProperties"] is False
    assert {choice["required"][0] for choice in rule["properties"]["when"]["oneOf"]} == BUILT_WORDS


def test_the_schema_of_config_follows_the_settings():
    """Every setting but what the loader itself fills in."""
    config = schemas(SETTINGS)["config"]
    assert set(config["properties"]) == {
        name for name, info in Settings.model_fields.items() if not info.exclude}
    assert config["properties"]["sources"]["additionalProperties"]["properties"]["kind"]["enum"] == [
        "http", "alertmanager", "cloudevents", "mqtt"]
