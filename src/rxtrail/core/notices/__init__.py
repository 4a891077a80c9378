"""Notices of recalls: what firms and authorities write, read into lots, ranges and doubts."""
