"""Tests of rules: stories in YAML, told to the real engine in virtual time, and what must follow."""
