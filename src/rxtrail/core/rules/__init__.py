"""The rules: what the events of a thing make of it, and what the counter is told."""
