"""The scenes of the proofs."""

from tests.scenes import hub

__all__ = ["hub"]
