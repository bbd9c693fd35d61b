"""What tells of danger to people: one table for the safety floor, the hours, the ways out and the categories."""

# Categories of danger to people. ISA-18.2 "highly managed": never shelved, suppressed or delayed.
HIGHLY_MANAGED = frozenset({"fire", "panic"})
# Quantities: a person did it, or a certified panel has decided. It counts at once, at every hour, and alone.
CALLS = frozenset({"pressed", "contact"})
# Quantities that poison or explode, whatever measures them: at orange or red such an alarm is one of fire or panic.
HAZARDS = frozenset({"co", "gas"})
SMOKE = frozenset({"smoke", "smoke_obscuration"})
SMOKE_DETECTOR = "smoke_detector"
HEAT_DETECTORS = frozenset({SMOKE_DETECTOR, "heat_detector"})  # kinds whose thermometer is there for fires
# For each kind of device that must be able to lead to red: what it tells of danger by.
TELLS: dict[str, frozenset[str]] = {
    SMOKE_DETECTOR: SMOKE,
    "heat_detector": frozenset({"heat", "temperature"}),
    "call_point": frozenset({"contact"}),
    "fire_panel": frozenset({"contact"}),
    "panic_button": frozenset({"pressed"}),
}
