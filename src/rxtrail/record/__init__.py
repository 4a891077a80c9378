"""The record, read: who has standing, what a thing's history makes of it, what the counter is told.

The rooms above ask here and never each other. Nothing here writes.
"""
