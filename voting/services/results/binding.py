"""The inputs of a contest's result, read in one snapshot, and whether they are unchanged since certification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from voting.domain.results.inputs import (
    document_sha256,
    marks_sha256,
    metrics_sha256,
    revocations_sha256,
    roster_sha256,
    window_sha256,
)
from voting.domain.results.outcome import Figures
from voting.domain.results.scoring import Tally
from voting.errors import ContestUnknown
from voting.postgres import contests, tallies
from voting.postgres.contests import StoredContest
from voting.postgres.database import Connection
from voting.postgres.results import certifications, marks
from voting.postgres.results.certifications import Bound, Certification


@dataclass(frozen=True)
class Inputs:
    """The rules, figures and tally that a result is computed from; the certified tally if there is one."""

    stored: StoredContest
    figures: Figures
    tally: Mapping[str, Tally]
    certification: Certification | None
    changed: tuple[str, ...]
    """Inputs that differ from the certified ones, which only direct SQL can cause: such a result is not final."""

    def bound(self, policy_sha256: str, ballots_sha256: str) -> Bound:
        """Returns the hashes that a certification binds."""
        return _bound(self.stored, self.figures, policy_sha256, ballots_sha256)


async def read_inputs(tx: Connection, contest: str) -> Inputs:
    """Reads the inputs; must run in a snapshot or with the result locked. Raises ContestUnknown."""
    stored = await contests.select(tx, contest)
    if stored is None:
        raise ContestUnknown(f"there is no contest {contest!r}")
    stands, now = await certifications.select(tx, contest), await tallies.select(tx, contest)
    tally = stands.tallies if stands else now
    figures = Figures(
        entries={entry.code: entry for entry in await contests.select_entries(tx, contest)},
        picks={entry: each.counted for entry, each in tally.items()},
        marks=await marks.select(tx, contest),
        metrics=await marks.select_metrics(tx, contest),
        revoked=await marks.select_revocations(tx, contest),
    )
    return Inputs(stored, figures, tally, stands, _changed(stands, stored, figures, now) if stands else ())


def plain(tally: Mapping[str, Tally]) -> dict[str, tuple[int, int, int]]:
    """Returns raw, held and counted picks of entries that have any, without versions."""
    return {entry: (each.raw, each.held, each.counted) for entry, each in tally.items() if each.raw}


def _bound(stored: StoredContest, figures: Figures, policy_sha256: str, ballots_sha256: str) -> Bound:
    return Bound(
        policy_sha256=policy_sha256,
        ballots_sha256=ballots_sha256,
        document_sha256=document_sha256(stored.document),
        roster_sha256=roster_sha256(figures),
        marks_sha256=marks_sha256(figures),
        metrics_sha256=metrics_sha256(figures),
        revocations_sha256=revocations_sha256(figures),
        window_sha256=window_sha256(stored.contest),
    )


def _changed(
    stands: Certification, stored: StoredContest, figures: Figures, now: Mapping[str, Tally]
) -> tuple[str, ...]:
    certified = asdict(stands.bound)
    is_now = asdict(_bound(stored, figures, stands.bound.policy_sha256, stands.bound.ballots_sha256))
    changed = [name.removesuffix("_sha256") for name, digest in is_now.items() if digest != certified[name]]
    if plain(stands.tallies) != plain(now):
        changed.append("tally")
    return tuple(changed)
