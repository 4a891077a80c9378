"""The pages: check, journey, documents, about; for patients; for outsiders with a receipt or a proof."""

from rxtrail.web.pages.routes import problem_page, routes

__all__ = ["problem_page", "routes"]
