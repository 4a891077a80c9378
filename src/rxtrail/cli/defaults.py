"""A family of commands of which one needs no name: ``rxtrail receipt CODE`` is ``rxtrail receipt of CODE``."""

from __future__ import annotations

import click


class DefaultGroup(click.Group):
    """A group that gives its arguments to one member when the first of them names none.

    ``alone`` tells whether that member also runs without any argument; else the help is shown.
    """

    def __init__(
        self,
        name: str,
        *,
        default: str,
        alone: bool,
        commands: list[click.Command],
        summary: str,
        epilog: str,
    ) -> None:
        """Take the members; ``default`` is the name of one of them."""
        super().__init__(name, commands=commands, help=summary, epilog=epilog, no_args_is_help=not alone)
        self.default = default
        self._alone = alone

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default's name before arguments that begin with no member's name."""
        first = args[0] if args else ""
        if (args or self._alone) and first != "--help" and first not in self.commands:
            args = [self.default, *args]
        return super().parse_args(ctx, args)
