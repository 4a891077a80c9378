"""The pages: check, journey, documents, about."""

from rxtrail.web.pages.routes import problem_page, routes

__all__ = ["problem_page", "routes"]
