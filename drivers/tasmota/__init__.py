"""Tasmota plugs and meters."""
