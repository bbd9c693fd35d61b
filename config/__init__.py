"""Venue and rule files turned into frozen, checked objects."""
