"""JSON Schemas (2020-12) of the files, made from the models that check them, for editors that complete and check."""

from typing import Any

from config.rules_file import RulesFile
from config.venue_file import venue_file

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def venue_schema() -> dict[str, Any]:
    """The schema of venue.yaml, with the settings of every kind of link, driver and output."""
    return _schema(venue_file(), "Tocsin venue")


def rules_schema() -> dict[str, Any]:
    """The schema of a rules file."""
    return _schema(RulesFile, "Tocsin rules")


def _schema(model: Any, title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **model.model_json_schema(by_alias=True), "title": title}
