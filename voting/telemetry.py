"""Every metric of the service. Labels have a fixed set of values and never contain an identifier."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

BALLOTS = Counter(
    "voting_ballots", "Attempts to cast a ballot, by outcome (an error's code, or recorded, replayed).", ["outcome"]
)
REQUESTS = Counter(
    "voting_requests", "Requests answered, by route template, method and status.", ["route", "method", "status"]
)
REQUEST_SECONDS = Histogram("voting_request_seconds", "Time to answer, by route template.", ["route"])
NOT_SERVED = Counter(
    "voting_not_served", "Requests that are not valid HTTP, and requests for another protocol, by kind.", ["kind"]
)
SHED = Counter("voting_shed", "Requests refused by the in-process shield, by kind.", ["kind"])
CHALLENGES = Counter("voting_challenges", "Proofs of work, by what became of them.", ["outcome"])
SCREENED = Counter(
    "voting_screened", "Ballots that the fraud policy did not just allow when they came, by its response.", ["response"]
)
SHADOW = Counter(
    "voting_shadow",
    "Ballots that the shadow policy judged too, by what the policy in force decided and what the shadow would have;"
    " online as often as they were sent, near-line once for each round.",
    ["stage", "policy", "decided", "shadow"],
)
CLIENTS = Counter("voting_clients", "Ballots by the app they came from.", ["app"])
WECHAT_CALLS = Counter(
    "voting_wechat_calls",
    "Calls to WeChat, by address and outcome: answered, refused with an error code, or failed.",
    ["call", "outcome"],
)
VIEW_ERRORS = Counter("voting_view_errors", "Failed calls to Redis, by operation.", ["operation"])
VIEW_DRIFT = Gauge(
    "voting_view_drift",
    "Entries whose tally in Redis was not PostgreSQL's at the last round.",
    multiprocess_mode="livemax",
)
VIEW_MENDED = Counter(
    "voting_view_mended",
    "Entries found wrong in Redis and mended: the gauge forgets them after a round, this does not.",
)
VIEW_ROUNDS = Counter("voting_view_rounds", "Rounds of writing tallies to Redis, by kind.", ["kind"])
DEPENDENCY_UP = Gauge(
    "voting_dependency_up",
    "1 where PostgreSQL, Redis, or a required standby of PostgreSQL answered, by dependency.",
    ["dependency"],
    multiprocess_mode="livemostrecent",
)
REPLAYS = Counter("voting_transaction_replays", "Ballot transactions replayed after an unknown outcome or a deadlock.")
UNLIMITED = Counter("voting_unlimited_calls", "Calls let through without their limit, because Redis was away.")
BATCH_BALLOTS = Histogram(
    "voting_batch_ballots", "Ballots committed in one transaction.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
BATCH_SECONDS = Histogram(
    "voting_batch_seconds",
    "Time of one batch, replays included.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
QUEUE_REFUSALS = Counter("voting_queue_refusals", "Ballots refused because they would have waited too long.")
POISON = Counter("voting_poison_ballots", "Ballots that PostgreSQL refused and that were taken out of their batches.")
SWEEP_SECONDS = Histogram(
    "voting_sweep_seconds", "Time of one near-line sweep of a contest.", buckets=(0.1, 0.5, 1, 5, 10, 30, 60, 120, 300)
)
SWEEP_PICKS = Gauge("voting_sweep_picks", "Picks that the sweeper keeps in memory.", multiprocess_mode="livesum")
SWEEP_DECISIONS = Counter("voting_sweep_decisions", "Ballots held and released by near-line sweeps.", ["change"])
LOG_WAITING = Gauge(
    "voting_log_waiting", "Batches that wait for the public log, over all contests.", multiprocess_mode="livemostrecent"
)
# Asked of PostgreSQL with the metrics, so they are there when no sequencer runs.
LOG_OLDEST_SECONDS = Gauge(
    "voting_log_oldest_seconds", "How long the oldest of them has waited.", multiprocess_mode="livemostrecent"
)
LOGS_FROZEN = Gauge(
    "voting_logs_frozen", "Logs to which nothing may be appended any more.", multiprocess_mode="livemostrecent"
)
LOG_LEAVES = Gauge(
    "voting_log_leaves", "Leaves of the logs that this sequencer appended to.", multiprocess_mode="livemostrecent"
)
LOG_CHECKPOINT_AT = Gauge(
    "voting_log_checkpoint_at_seconds",
    "When the last checkpoint was signed, in seconds since 1970.",
    multiprocess_mode="livemostrecent",
)
BOARDS = Gauge("voting_board_streams", "Open live boards.", multiprocess_mode="livesum")


def forget_dead_processes() -> None:
    """Removes ended worker processes from the gauges; called when a new one starts in their place."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def exposition() -> bytes:
    """Returns the metrics of all worker processes in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
