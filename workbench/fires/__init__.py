"""Recordings of real fires, told to the engine as detectors would: how soon the rules speak, and how quiet they are."""
