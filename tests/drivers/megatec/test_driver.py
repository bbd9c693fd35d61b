"""What the driver makes of a UPS's answers and of its silence."""

import random
from itertools import pairwise

import pytest

from drivers.contract import Binding
from drivers.megatec.codec import Status, parse
from drivers.megatec.driver import BAD_MAX, MISSED_MAX, MegatecDriver, on_bypass
from drivers.megatec.settings import MegatecSettings
from rules.quantity import QUANTITIES
from rules.signal import Fault, Heard, Reading, Recovered
from tests.drivers.megatec.talk import EXCHANGE_S, Talk, faults, readings


def test_a_healthy_ups_is_read() -> None:
    """All that a UPS measures is told in our units, each value legal; its ratings and its name are asked once."""
    talk = Talk()
    signals = talk.run(60.0)
    last = {one.quantity: one.value for one in signals if isinstance(one, Reading)}
    assert last == {
        "voltage": 226.0,
        "output_voltage": 226.0,
        "load": 35.0,
        "frequency": 50.0,
        "battery_voltage": 27.4,
        "on_battery": False,
        "ups_battery_low": False,
        "ups_failed": False,
        "ups_bypass": False,
        "test": False,
    }
    assert all(QUANTITIES[one.quantity].accepts(one.value) for one in signals if isinstance(one, Reading))
    asked = [question for _, question in talk.questions]
    assert (asked.count(b"F\r"), asked.count(b"I\r")) == (1, 1)
    assert 25 <= asked.count(b"Q1\r") <= 32


def test_standing_faults_of_an_earlier_run_are_ended() -> None:
    """After a restart the driver does not know what it had told: the first good answers end every fault once."""
    talk = Talk()
    assert sorted(faults(talk.run(60.0))) == ["-bad_input", "-identity", "-no_answer", "-shutdown"]


def test_going_on_battery_is_told_within_half_a_second_of_the_first_frame() -> None:
    """The first frame that says so is asked again at once, and the second is believed."""
    talk = Talk()
    talk.run(20.0)
    talk.ups.set_mains(0.0)
    begun = talk.now
    signals = talk.run(10.0)
    told = next(
        one for one in signals if isinstance(one, Reading) and one.quantity == "on_battery" and one.value is True
    )
    first = next(at for at, _ in talk.questions if at >= begun) + EXCHANGE_S
    assert told.at - first < 0.6
    assert readings(signals, "voltage")[-1] == 0.0
    assert readings(signals, "frequency") == [50.0] * readings(signals, "voltage").count(226.0)


def test_on_battery_it_is_asked_each_second() -> None:
    """On battery the poll is a second however long it was, and what was asked before goes on."""
    talk = Talk(MegatecSettings(poll=10.0))
    talk.run(30.0)
    talk.ups.set_mains(0.0)
    talk.run(15.0)
    before = len(talk.questions)
    talk.run(20.0)
    assert len(talk.questions) - before >= 16


def test_low_and_empty_battery() -> None:
    """The UPS's own low flag is told minutes before it goes silent, and its silence is a fault."""
    talk = Talk()
    talk.run(5.0)
    talk.ups.set_mains(0.0)
    signals = talk.run(3000.0)
    low = next(
        one.at for one in signals if isinstance(one, Reading) and one.quantity == "ups_battery_low" and one.value
    )
    silent = next(one.at for one in signals if isinstance(one, Fault) and one.code == "no_answer")
    assert 20.0 < silent - low < 300.0
    volts = readings(signals, "battery_voltage")
    assert all(earlier >= later for earlier, later in pairwise(volts))


def test_one_flipped_bit_is_not_a_power_cut() -> None:
    """A frame whose only fault is one flipped flag tells nothing."""
    talk = Talk()
    talk.run(20.0)
    spoilt = iter([True])
    talk.wire = lambda _, answer: answer[:-9] + b"1" + answer[-8:] if next(spoilt, False) else answer
    assert readings(talk.run(20.0), "on_battery").count(True) == 0


def test_silence_is_a_fault_after_three_polls_and_is_over_with_the_first_answer() -> None:
    """Three polls unanswered, at the pace of a second, are one fault; the first answer ends it."""
    talk = Talk()
    talk.run(20.0)
    talk.ups.off = True
    begun = talk.now
    signals = talk.run(60.0)
    (fault,) = [one for one in signals if isinstance(one, Fault)]
    assert fault.code == "no_answer" and str(MISSED_MAX) in fault.text
    assert fault.at - begun <= 2.0 + MISSED_MAX * 1.0 + 0.1
    assert not [one for one in signals if isinstance(one, Reading) and one.at > begun + 2.0]
    talk.ups.off = False
    assert faults(talk.run(20.0)) == ["-no_answer"]


def test_four_bad_frames_in_five_are_counted_but_no_fault() -> None:
    """Only bad frames without a good one between make a fault, however many there are in all."""
    talk = Talk()
    talk.run(20.0)
    count = iter(range(10_000))
    talk.wire = lambda _, answer: answer if next(count) % 2 == 0 else b"\xff\r" * (BAD_MAX - 1)
    assert faults(talk.run(120.0)) == []
    assert talk.bad > 10 * BAD_MAX


def test_a_ups_that_goes_silent_on_battery_is_told_in_time() -> None:
    """The fault that makes a silent UPS on battery count as low comes within four seconds; no reading is invented."""
    talk = Talk()
    talk.ups.set_mains(0.0)
    talk.run(20.0)
    talk.ups.off = True
    begun = talk.now
    signals = talk.run(10.0)
    (fault,) = [one for one in signals if isinstance(one, Fault)]
    assert fault.code == "no_answer" and fault.at - begun <= 4.1
    assert not readings(signals, "ups_battery_low")


def test_one_missed_answer_is_nothing() -> None:
    """Two polls lost out of three never make a fault."""
    talk = Talk()
    talk.run(20.0)
    count = iter(range(10_000))
    talk.wire = lambda _, answer: answer if next(count) % MISSED_MAX == 0 else b""
    assert faults(talk.run(120.0)) == []


def test_nobody_at_all_is_told() -> None:
    """A line on which nothing ever answers is a fault, not a UPS that is well."""
    talk = Talk(wire=lambda _, __: b"")
    signals = talk.run(30.0)
    assert faults(signals) == ["no_answer"]
    assert not [one for one in signals if isinstance(one, Reading | Heard)]


def test_an_echo_is_told_apart_from_silence() -> None:
    """A device that sends each question back, or a looped cable, is a fault that says so."""
    talk = Talk(wire=lambda question, _: question)
    (fault,) = [one for one in talk.run(30.0) if isinstance(one, Fault)]
    assert fault.code == "no_answer"
    assert "Q1" in fault.text and "cable" in fault.text


def test_an_echo_before_each_answer_does_no_harm() -> None:
    """A half-duplex adapter that lets us hear ourselves is read as if it did not."""
    talk = Talk(wire=lambda question, answer: question + answer)
    signals = talk.run(30.0)
    assert readings(signals, "voltage") and not [one for one in signals if isinstance(one, Fault)]


def test_another_device_is_bad_input() -> None:
    """What is no Megatec is counted, told after five with the last bytes in hex, and ended when a UPS answers again."""
    talk = Talk(wire=lambda _, __: b"$GPRMC,123519,A\r")
    signals = talk.run(30.0)
    assert faults(signals) == ["no_answer", "bad_input"]
    fault = next(one for one in signals if isinstance(one, Fault) and one.code == "bad_input")
    assert b"$GPRMC".hex(" ") in fault.text
    assert talk.bad > BAD_MAX
    talk.wire = lambda _, answer: answer
    assert faults(talk.run(30.0)) == ["-identity", "-no_answer", "-shutdown", "-bad_input"]


@pytest.mark.parametrize(("refusal", "times"), [(b"(NAK\r", 1), (b"", 2)])
def test_a_ups_that_knows_neither_rating_nor_name(refusal: bytes, times: int) -> None:
    """F and I are not asked again once refused, twice when there is no answer, and cost no fault."""
    talk = Talk(wire=lambda question, answer: answer if question == b"Q1\r" else refusal)
    signals = talk.run(60.0)
    asked = [question for _, question in talk.questions]
    assert (asked.count(b"F\r"), asked.count(b"I\r")) == (times, times)
    assert not [one for one in signals if isinstance(one, Fault)]
    assert readings(signals, "voltage")


def test_volts_per_cell_are_converted_only_with_a_rating() -> None:
    """An online UPS tells one cell: with its rating that is the pack's voltage, without there is no reading."""
    talk = Talk()
    talk.ups.per_cell = True
    assert readings(talk.run(30.0), "battery_voltage")[-1] == pytest.approx(27.4, abs=0.1)
    talk = Talk(wire=lambda question, answer: b"" if question == b"F\r" else answer)
    talk.ups.per_cell = True
    assert readings(talk.run(30.0), "battery_voltage") == []


def test_another_ups_is_not_believed() -> None:
    """With `identity` set, a UPS of another name is a fault and none of its readings are told."""
    talk = Talk(MegatecSettings(identity="SANTAK"))
    signals = talk.run(60.0)
    assert faults(signals) == ["identity"]
    assert not [one for one in signals if isinstance(one, Reading | Heard)]
    talk.ups.off = True
    talk.run(10.0)
    talk.ups.maker, talk.ups.off = "SANTAK", False
    signals = talk.run(30.0)
    assert "-identity" in faults(signals) and readings(signals, "voltage")


def test_a_ups_without_a_name_is_not_ours_either() -> None:
    """With `identity` set, a UPS that does not tell its name is a fault."""
    talk = Talk(MegatecSettings(identity="SANTAK"), wire=lambda asked, answer: b"" if asked == b"I\r" else answer)
    assert faults(talk.run(60.0)) == ["identity"]


def test_an_ordered_shutdown_is_a_fault() -> None:
    """A UPS that is about to switch its output off says so, and is over it when cancelled."""
    talk = Talk()
    talk.run(20.0)
    talk.ups.answer("S5")
    assert faults(talk.run(20.0)) == ["shutdown"]
    talk.ups.answer("C")
    assert faults(talk.run(20.0)) == ["-shutdown"]


def test_only_configured_quantities_are_told() -> None:
    """What the venue does not ask for is not sent; the device still counts as heard."""
    assert {one.quantity for one in Talk(quantities=frozenset({"load"})).run(20.0) if isinstance(one, Reading)} == {
        "load"
    }
    signals = Talk(quantities=frozenset()).run(20.0)
    assert [one for one in signals if isinstance(one, Heard)] and not readings(signals, "load")


@pytest.mark.parametrize(
    ("values", "flag", "bypass"),
    [
        ("226.0 195.0 226.0", "1", True),
        ("226.0 195.0 226.0", "0", False),
        ("226.0 195.0 260.0", "1", False),  # boost
        ("250.0 195.0 226.0", "1", False),  # trim
        ("226.0 195.0 000.0", "1", True),  # cannot be told
        ("---.- 195.0 226.0", "1", True),
        ("000.0 195.0 226.0", "1", True),
    ],
)
def test_bypass_is_told_by_the_voltages(values: str, flag: str, bypass: bool) -> None:
    """The third flag means bypass, trim or boost; where the voltages cannot tell it is a bypass."""
    status = parse(f"({values} 014 49.9 27.5 30.0 00{flag}01000".encode())
    assert isinstance(status, Status)
    assert on_bypass(status) is bypass


@pytest.mark.parametrize("count", [0, 2])
def test_a_line_carries_one_ups(count: int) -> None:
    """Megatec has no addresses: any number of devices but one is refused when the link is built."""
    with pytest.raises(ValueError, match="exactly one UPS"):
        MegatecDriver(MegatecSettings(), [Binding(f"ups-{n}", "", frozenset()) for n in range(count)])


@pytest.mark.parametrize("seed", range(20))
def test_a_year_of_trouble_in_a_second(seed: int) -> None:
    """Invariant: whatever the line does, faults and recoveries alternate, values are legal, peace ends every fault."""
    noise = random.Random(seed)
    talk = Talk()

    def wire(question: bytes, answer: bytes) -> bytes:
        match noise.randrange(8):
            case 0:
                return b""
            case 1:
                return answer[: noise.randrange(len(answer) + 1)]
            case 2:
                return bytes(byte ^ (1 << noise.randrange(8)) if noise.random() < 0.02 else byte for byte in answer)
            case 3:
                return noise.randbytes(noise.randrange(200))
            case 4:
                return question + answer
            case _:
                return answer

    for _ in range(50):
        talk.wire = wire
        talk.ups.set_mains(noise.choice((0.0, 226.0)))
        if noise.random() < 0.2:
            talk.driver.opened(talk.now)
        talk.run(noise.uniform(1.0, 60.0))
    talk.wire = lambda _, answer: answer
    talk.ups.battery.charge = 1.0
    talk.ups.set_mains(226.0)
    talk.run(60.0)
    standing: dict[str, bool] = {}
    for one in talk.signals:
        if isinstance(one, Reading):
            assert QUANTITIES[one.quantity].accepts(one.value)
        elif isinstance(one, Fault | Recovered):
            assert standing.get(one.code) is not isinstance(one, Fault)
            standing[one.code] = isinstance(one, Fault)
    assert standing and not any(standing.values())
    assert readings(talk.signals, "on_battery")[-1] is False
    assert [one.at for one in talk.signals] == sorted(one.at for one in talk.signals)
