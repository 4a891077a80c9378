"""``rxtrail init``: whose record this is."""

from __future__ import annotations

import click

from rxtrail.cli import exits, say
from rxtrail.cli.call import GLN, Call, command
from rxtrail.cli.node import own

ROLES = ("pharmacy", "wholesaler", "maker", "hub")
GLNS_MAX = 10_000


class Glns(click.ParamType[list[str]]):
    """GLNs with commas between them."""

    name = "gln[,gln...]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Read each; the first is the node's default."""
        texts = str(value).split(",")
        if len(texts) > GLNS_MAX:
            self.fail(f"more than {GLNS_MAX} GLNs", param, ctx)
        # A GLN named twice is one GLN; a dict keeps the order.
        return list(dict.fromkeys(GLN.convert(text, param, ctx) for text in texts))


@command("init", "rxtrail init --role pharmacy --gln 0300011111246", "rxtrail init --role hub")
@click.option("--role", type=click.Choice(ROLES), required=True, help="Whose record this is.")
@click.option("--gln", "glns", type=Glns(), help="The node's own GLNs, with commas between them.")
@click.option(
    "--market", type=click.Choice(["us", "eu"]), default="us", show_default=True, help="Whose rules and words hold."
)
@click.option(
    "--package-proofs/--no-package-proofs",
    default=None,
    help="Commit to each package of an event by itself, so that one can be proven alone. On unless it is turned off.",
)
def init(call: Call, role: str, glns: list[str] | None, market: str, package_proofs: bool | None) -> int:
    """Say whose record this is: the role and the GLNs of this node.

    It decides what an answer means: only a hub may call a serial unknown; a pharmacy holds what its
    suppliers sent.
    """
    if role != "hub" and not glns:
        raise click.UsageError(f"a {role} needs --gln: without it nothing can be shipped to you")
    with own(call) as node:
        node.init(role, glns or [], market=market, package_proofs=package_proofs)
        identity = node.identity()
    if call.as_json:
        say.answer(identity)
    else:
        say.line(f"this node is a {identity.role}", f" for {', '.join(identity.glns)}" if identity.glns else "")
    return exits.FINE


COMMANDS = {"init": init}
