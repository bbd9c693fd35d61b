"""What a rule says about itself."""

import pytest

from tests.rules.house import rule, tier


@pytest.mark.parametrize(
    ("category", "evacuate", "managed"),
    [
        ("fire", None, True),
        ("panic", None, True),
        ("power", None, False),
        ("ups", None, False),
        ("fault", None, False),
        ("power", "whole", True),
    ],
)
def test_fire_calls_for_help_and_what_evacuates_are_highly_managed(
    category: str, evacuate: str | None, managed: bool
) -> None:
    """Nothing may keep these alarms from people; every other may be put aside."""
    one = rule("one", "device", ("det-a",), tier("red", "smoke"), category=category, evacuate=evacuate)
    assert one.highly_managed is managed
