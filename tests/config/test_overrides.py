"""Values given for one run replace those of venue.yaml, are checked like them, and are told by their own name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.load import load
from config.problem import ConfigError
from config.setup import Setup

Write = Callable[..., Path]


def port(setup: Setup) -> int:
    return int(setup.links[0].settings.port)


def told(directory: Path, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(directory, overrides)
    return str(refused.value).splitlines()


def test_a_value_is_replaced_for_one_run(write: Write) -> None:
    """The file is not touched."""
    directory = write()
    assert port(load(directory, ["links.broker.port=18830"])) == 18830
    assert port(load(directory)) == 1883


def test_lists_are_walked_by_id_by_kind_and_by_number(write: Write) -> None:
    """A device of a range is an entry like any other."""
    setup = load(
        write(),
        [
            "links.broker.drivers.tocsin.prefix=t",
            "devices.smoke-2.stale_after=5s",
            "links.0.keepalive=7",
            "links.0.host='10.0.0.1'",
        ],
    )
    assert setup.links[0].drivers[0].settings.prefix == "t"
    assert [device.stale_after_s for device in setup.plan.venue.devices.values()] == [100.0, 5.0]
    assert (setup.links[0].settings.keepalive, setup.links[0].settings.host) == (7, "10.0.0.1")


def test_the_last_of_two_wins(write: Write) -> None:
    """As on any command line."""
    assert port(load(write(), ["links.broker.port=1", "links.broker.port=2"])) == 2


def test_a_whole_mapping_may_be_given(write: Write) -> None:
    """Braces as in the file."""
    setup = load(write(), ["links.broker.tls={ca: /etc/ca.pem}"])
    assert setup.links[0].settings.tls.ca == "/etc/ca.pem"


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("links.brokr.port=1", "--set links.brokr.port:1:1: there is no 'brokr' in 'links' -- did you mean 'broker'?"),
        ("link.broker.port=1", "--set link.broker.port:1:1: there is no 'link' in the file -- did you mean 'links'?"),
        ("links.broker.port.x=1", "--set links.broker.port.x:1:1: there is no 'x' in 'links.broker.port'"),
        ("links.broker.port=abc", "--set links.broker.port:1:1: port: found 'abc', expected a whole number"),
        ("links.broker.tls={ca: 1}", "--set links.broker.tls:1:6: ca: found 1, expected text -- put it in quotes"),
        (
            "links.broker.port=*x",
            "--set links.broker.port:1:1: alias '*x' found, expected the value itself -- write it out",
        ),
        (
            "zones.room-9.kind=hall",
            "--set zones.room-9.kind:1:1: there is no 'room-9' in 'zones' -- did you mean 'room-2'?",
        ),
        (
            "links.broker.port",
            "--set links.broker.port:1:1: found 'links.broker.port', "
            "expected a path and a value such as links.broker.port=1883",
        ),
    ],
)
def test_what_leads_nowhere_is_told(write: Write, override: str, line: str) -> None:
    """The place named is the option itself."""
    assert told(write(), override) == [line]


def test_an_unknown_last_key_is_told_with_the_right_one(write: Write) -> None:
    """The key is checked where it is used."""
    (line,) = told(write(), "links.broker.prot=1")
    assert line.startswith("--set links.broker.prot:1:1: unknown key 'prot'")
    assert line.endswith("did you mean 'port'?")
