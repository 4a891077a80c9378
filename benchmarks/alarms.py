"""What alarms cost: capture and verify beside approved routes, and the preview of a recall."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.documents import BUYER_GLN, MAKER_GLN, MAKER_PREFIX, PRODUCTS
from benchmarks.engines import server_cpu
from benchmarks.machine import cpu_seconds
from rxtrail.alerts import RouteCommand
from rxtrail.bootstrap import open_node
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.core.rules.recall import LotScope
from rxtrail.recalls import AskedRecall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.task import Task
    from rxtrail.bootstrap import Node

LANE = "benchmark"


def approve_lanes(node: Node) -> None:
    """Approve one lane for all products of the yardstick document: it is judged, and nothing leaves it."""
    products = ", ".join(f'"{gtin(product)}"' for product in PRODUCTS)
    table = (
        f'[[lane]]\nid = "{LANE}"\nproducts = [{products}]\norigin = "{MAKER_GLN}"\ndestinations = ["{BUYER_GLN}"]\n'
    )
    node.route(RouteCommand("load", "A. Kim", table=table.encode()))
    node.route(RouteCommand("approve", "B. Lee", ids=[LANE]))


def gtin(product: str) -> str:
    """Give the GTIN of the bottles of a product."""
    body = f"0{MAKER_PREFIX}{product}"
    return body + check_digit(body)


def watched(task: Task, codes: Sequence[str]) -> dict[str, object]:
    """Capture a document and judge where it went, if ``task.lanes``; then verify packs of it."""
    data, verdicts = Path(task.data), Counter[str]()
    with open_node(data, store_url=task.store or None) as node, Path(task.document).open("rb") as stream:
        if task.lanes:
            approve_lanes(node)
        served, began = sum(server_cpu(task.servers)), cpu_seconds()
        receipt = node.capture(stream, name="yardstick")
        node.alerts.settle()
        captured = cpu_seconds() - began + sum(server_cpu(task.servers)) - served
    with open_node(data, store_url=task.store or None) as node:
        for text in codes[: len(codes) // 10]:
            node.verify(text, site=BUYER_GLN)
        served, began = sum(server_cpu(task.servers)), cpu_seconds()
        for text in codes:
            verdicts[node.verify(text, site=BUYER_GLN).verdict.value] += 1
        node.settle()
        verified = cpu_seconds() - began + sum(server_cpu(task.servers)) - served
        alerts = len(node.alerts.page())
    return {
        "packages": receipt.packages,
        "capture": captured,
        "verify": verified / len(codes),
        "verdicts": dict(verdicts),
        "alerts": alerts,
    }


def preview(node: Node, product: str, lot: str, count: int) -> dict[str, object]:
    """Preview a recall of one lot as often as ``count`` says."""
    asked = AskedRecall(gtins=[product], lots=[LotScope(lot)])
    told = node.recalls.preview(asked)
    began, spent = cpu_seconds(), []
    for _ in range(count):
        clock = time.perf_counter()
        node.recalls.preview(asked)
        spent.append(time.perf_counter() - clock)
    return {"cpu": cpu_seconds() - began, "count": count, "packs": told.packs, "wall": statistics.median(spent)}
