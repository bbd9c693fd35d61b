"""Tocsin's own MQTT dialect: numbered readings, repeated until they are acknowledged."""
