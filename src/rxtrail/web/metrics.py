"""Counts for Prometheus, kept as plain integers because the verify path pays for every one."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final

from rxtrail.core.rules.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.answers import Status
    from rxtrail.boards import Sample

# Upper bounds in seconds; the counter's goal is 100 ms from scan to verdict on screen.
VERIFY_SECONDS: Final = (0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.001, 0.005, 0.025, 0.1)


class Meter:
    """What this process has answered since it started."""

    def __init__(self) -> None:
        self.verdicts: dict[Answer, int] = dict.fromkeys(Answer, 0)
        self.requests: dict[tuple[str, int], int] = {}
        self._buckets = [0] * (len(VERIFY_SECONDS) + 1)
        self._seconds = 0.0

    def verified(self, answer: Answer, seconds: float) -> None:
        """Count one verdict and how long the node took for it."""
        self.verdicts[answer] += 1
        self._buckets[bisect.bisect_left(VERIFY_SECONDS, seconds)] += 1
        self._seconds += seconds

    def answered(self, method: str, status: int) -> None:
        """Count one request that was not a verdict."""
        key = (method, status)
        self.requests[key] = self.requests.get(key, 0) + 1

    def exposition(
        self,
        status: Status,
        *,
        scans_dropped: int,
        workers: int,
        streams: int,
        uploads: int,
        boards: Iterable[Sample] = (),
    ) -> str:
        """All counts in the Prometheus text format 0.0.4."""
        lines = _head("rxtrail_verdicts_total", "counter", "Verdicts given, by answer.")
        lines += [
            f'rxtrail_verdicts_total{{verdict="{answer.value}"}} {count}' for answer, count in self.verdicts.items()
        ]
        lines += _head("rxtrail_verify_seconds", "histogram", "Time the node took for a verdict.")
        total = 0
        for bound, count in zip((*VERIFY_SECONDS, "+Inf"), self._buckets, strict=True):
            total += count
            lines.append(f'rxtrail_verify_seconds_bucket{{le="{bound}"}} {total}')
        lines += [f"rxtrail_verify_seconds_sum {self._seconds:.9f}", f"rxtrail_verify_seconds_count {total}"]
        lines += _head("rxtrail_requests_total", "counter", "Other requests, by method and status.")
        lines += [
            f'rxtrail_requests_total{{method="{method}",status="{code}"}} {count}'
            for (method, code), count in sorted(self.requests.items())
        ]
        lines += _head("rxtrail_scans_dropped_total", "counter", "Scans judged but not recorded.")
        lines.append(f"rxtrail_scans_dropped_total {scans_dropped}")
        gauges: tuple[tuple[str, str, float], ...] = (
            ("rxtrail_packages", "Packages on record.", status.packages),
            ("rxtrail_containers", "Containers on record.", status.containers),
            ("rxtrail_events", "Events on record.", status.events),
            ("rxtrail_documents", "Raw documents that are kept.", status.documents),
            ("rxtrail_log_size", "Records in the log.", status.log_size),
            ("rxtrail_store_bytes", "Bytes at rest.", status.store_bytes),
            ("rxtrail_running_jobs", "Captures that are not finished.", status.running_jobs),
            ("rxtrail_workers_busy", "Reads and writes running or waiting.", workers),
            ("rxtrail_streams_open", "Exports and raw documents being sent.", streams),
            ("rxtrail_uploads_open", "Documents being received.", uploads),
        )
        if (log := status.log) is not None and log.size:
            gauges += (
                ("rxtrail_log_published_size", "Entries in the newest signed head.", log.size),
                ("rxtrail_log_cosigned_size", "Entries in the newest head with its quorum.", log.cosigned_size),
                ("rxtrail_log_checkpoint_age_seconds", "Age of the newest signed head.", round(log.age_seconds, 3)),
                ("rxtrail_log_refused", "1 when nothing more is published.", int(log.state == "refused")),
            )
        lines += _of_boards(boards)
        for name, words, value in gauges:
            lines += _head(name, "gauge", words)
            lines.append(f"{name} {value}")
        return "\n".join(lines) + "\n"


BOARDS: Final = {
    "rxtrail_boards_counted_records": ("gauge", "Records of the log that the boards have counted."),
    "rxtrail_scans_total": ("counter", "Scans on record, by verdict."),
    "rxtrail_alarms_total": ("counter", "Scans answered amber or red, by cause and first reason."),
    "rxtrail_alarms_overturned_total": ("counter", "Of these, answered ok later."),
    "rxtrail_alerts_opened_total": ("counter", "Alerts, by rule and cause."),
    "rxtrail_alerts_explained_total": ("counter", "Alerts that turned out to be none."),
    "rxtrail_alerts_opened_again_total": ("counter", "Alerts that went on after they were explained."),
    "rxtrail_alerts_confirmed_total": ("counter", "Alerts that were closed without being explained."),
    "rxtrail_alerts_answered_total": ("counter", "Alerts that a person has done something about."),
    "rxtrail_alerts_answer_seconds_total": ("counter", "Seconds until that, added up."),
    "rxtrail_alerts_standing": ("gauge", "Alerts that nobody has explained yet, by rule."),
    "rxtrail_findings": ("gauge", "Findings in documents, by severity."),
}
"""What the boards count, for Prometheus: of all places together, since each place would be a series of its own."""


def _of_boards(samples: Iterable[Sample]) -> list[str]:
    by_name: dict[str, list[str]] = {name: [] for name in BOARDS}
    for name, labels, value in samples:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        by_name[name].append(f"{name}{{{told}}} {value:.0f}" if told else f"{name} {value:.0f}")
    return [line for name, lines in by_name.items() if lines for line in (*_head(name, *BOARDS[name]), *lines)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _head(name: str, kind: str, words: str) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
