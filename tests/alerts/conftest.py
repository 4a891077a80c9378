from tests.scenes import hub

__all__ = ["hub"]
