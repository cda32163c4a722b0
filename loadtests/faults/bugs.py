"""Bugs to plant in the service, which show that the checker can fail.

A bug is planted where it survives refactoring of the service: in PostgreSQL (a trigger acts in the transaction of the
service), around the ASGI application, around the lane for plain ballots, in the rules of the domain, around the
statement that stores a batch, or in the one method that writes to Redis.
`planted/sitecustomize.py` plants it in the processes of the server; only `environment.py` puts that on their path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.faults import answer_patches, patches
from loadtests.faults.schedule import Planned

Plant = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Bug:
    """`breaks`: the checker must name these invariants. `sql` plants it in the database, `patch` in each process of the
    service; some need `faults` to show; `settle`: seconds without votes at the end."""

    name: str
    breaks: frozenset[str]
    sql: str = ""
    patch: Plant | None = None
    faults: tuple[Planned, ...] = ()
    settle: float = 0.5
    seconds: float = 3.0


def _trigger(table: str, when: str, body: str) -> str:
    # With the rights of the owner, since the application may not do what a bug does.
    return f"""
create function planted_{table}() returns trigger language plpgsql security definer as $$ begin {body} end $$;
create trigger planted {when} on {table} for each row execute function planted_{table}();
"""


UNPLANT = "; ".join(f"drop function if exists planted_{table}() cascade" for table in ("ballots", "tallies"))
_EARLY = "perform set_config('synchronous_commit', 'off', true); return new;"
_DROPPED = "if random() < 0.02 then delete from ballots where id = new.id; end if; return new;"
_SWAPPED = "new.picks := array['E001']; return new;"
_TWICE = (
    "new.counted := new.counted + (new.counted - old.counted); new.raw := new.raw + (new.raw - old.raw); return new;"
)
_FORGOTTEN = "if random() < 0.1 then return old; end if; return new;"
_ENDLESS = "update contests set closes_at = closes_at + interval '1 day' where id like 'brief-%'"

_FLUSH = (Planned(1.5, "redis_flush", 0.0, 1),)
_KILL = tuple(Planned(1.2, "postgres_kill", 0.0, number) for number in range(3))
_STOP = (Planned(1.0, "postgres_gone", 2.0, 1),)
_PAUSE = (Planned(3.0, "contest_paused", 6.0, 1),)
_WORKERS = (Planned(1.5, "workers_kill", 0.0, 1),)


def _bug(name: str, breaks: str, **more: object) -> Bug:
    return Bug(name, frozenset(breaks.split()), **more)  # type: ignore[arg-type]


BUGS = {
    bug.name: bug
    for bug in (
        _bug("drops one ballot in fifty", "I1", sql=_trigger("ballots", "after insert", _DROPPED)),
        _bug(
            "answers before the commit is durable",
            "I1",
            sql=_trigger("ballots", "before insert", _EARLY),
            faults=_KILL,
        ),
        _bug("stores other picks", "I1", sql=_trigger("ballots", "before insert", _SWAPPED)),
        _bug("answers 201 to what failed", "I1", patch=patches.failures_accepted, faults=_STOP),
        _bug("gives another ballot's receipt", "I1", patch=patches.receipts_mixed),
        _bug("answers before it commits", "I1", patch=patches.answered_early, faults=_KILL),
        _bug("gives ballots their neighbours' outcomes", "I1", patch=answer_patches.outcomes_mixed),
        _bug("lane: answers over another connection", "I1", patch=answer_patches.connections_confused),
        _bug("lane: answers 201 to abandoned ballots", "I1", patch=answer_patches.abandoned_accepted),
        _bug("does not look at the quota", "I2", patch=patches.quota_boundless),
        _bug("quota is one too wide", "I2", patch=patches.quota_wide),
        _bug("quota is one too narrow", "I2", patch=patches.quota_narrow),
        _bug("numbers a voter's ballots at random", "I2", patch=patches.ordinals_random, seconds=5.0),
        _bug("gives the loser of a race the next number", "I2", patch=patches.loser_renumbered, seconds=5.0),
        _bug("ignores the idempotency key", "I3", patch=patches.keys_ignored),
        _bug("answers a replay otherwise", "I3", patch=patches.replays_differ),
        _bug("takes another body under the same key", "I3", patch=patches.bodies_alike),
        _bug("refuses replays", "I3", patch=patches.replays_refused),
        _bug("gives a replay another receipt", "I3", patch=patches.replays_signed_otherwise),
        _bug("lane: casts twice what comes in two packets", "I3", patch=answer_patches.split_cast_twice),
        _bug("counts twice", "I4", sql=_trigger("tallies", "before update", _TWICE)),
        _bug("forgets the tally at times", "I4", sql=_trigger("tallies", "before update", _FORGOTTEN)),
        _bug("increments the view", "I5", patch=patches.view_incremented),
        _bug("view is above after a flush", "I5", patch=patches.view_above, faults=_FLUSH, settle=2.0),
        _bug("view is never rebuilt", "I5", patch=patches.view_partial, faults=_FLUSH, settle=7.0),
        _bug("checks no signature", "I6", patch=patches.signatures_ignored),
        _bug("takes another contest's credential", "I6", patch=patches.contests_confused),
        _bug("window by a clock that is fast", "I7", patch=patches.clock_fast, seconds=5.0),
        _bug("closed window is open", "I7", sql=_ENDLESS, patch=patches.window_endless, seconds=6.0),
        _bug("records judged ballots after the end", "I7", patch=patches.end_unheeded, seconds=6.0, settle=6.0),
        _bug("records judged ballots in a pause", "I7", patch=patches.pause_unheeded, faults=_PAUSE),
        _bug("hangs beyond the deadline", "I8", patch=patches.hanging, seconds=5.0),
        _bug("says not when to come again", "I8", patch=patches.retry_after_lost, faults=_STOP),
        _bug("lane: drops what is pipelined", "I8", patch=answer_patches.pipelined_dropped),
        _bug("cuts connections", "I8", patch=patches.connections_cut),
        _bug("bad request ends its neighbours", "I13", patch=patches.neighbours_fail),
        _bug("stale lock keeps workers from starting", "I14", patch=patches.lock_stale, faults=_WORKERS),
    )
}
# Only a standby shows them: loadtests/faults/patroni.py.
REPLAY = "answers a replay without a commit"
BUGS_OF_REPLICATION: dict[str, Plant] = {REPLAY: answer_patches.replays_uncommitted}


def plant(name: str) -> None:
    """Plants the bug in this process, before it serves."""
    patch = BUGS_OF_REPLICATION.get(name) or BUGS[name].patch
    if patch is not None:
        patch()
