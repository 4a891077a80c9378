from tests.scenes import bare_pharmacy, hub, pharmacy

__all__ = ["bare_pharmacy", "hub", "pharmacy"]
