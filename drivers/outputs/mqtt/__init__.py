"""Decisions told to an MQTT broker: events, retained states, and the evacuation trigger."""
