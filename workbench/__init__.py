"""The engineer's tools: rules are tested, measured and explained here, on the same engine that the daemon runs."""
