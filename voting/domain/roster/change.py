"""The effect of importing a roster into a contest that has entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields

from voting.domain.entry import Entry


@dataclass(frozen=True, slots=True)
class RosterChange:
    """The effect of an import on a contest's entries."""

    added: tuple[str, ...]
    changed: Mapping[str, Mapping[str, list[str]]]
    """Old and new values of changed fields, by code."""
    unchanged: int
    absent: tuple[str, ...]
    """Entries of the contest that are not in the file; they are kept."""
    removed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    """Entries of the file that were withdrawn before; they stay withdrawn."""

    @property
    def total(self) -> int:
        """The number of the contest's entries after the import."""
        return len(self.added) + len(self.changed) + self.unchanged + len(self.absent)

    def logged(self) -> dict[str, object]:
        """Returns the part that the audit log records."""
        return {name: getattr(self, name) for name in ("added", "changed", "absent", "removed", "withdrawn")}


def roster_change(
    before: Mapping[str, Entry], given: Sequence[Entry], withdrawn: Collection[str], replacing: bool
) -> RosterChange:
    """Returns the effect of importing the entries `given` into those of `before`; `replacing` removes absent ones."""
    live = [entry for entry in given if entry.code not in withdrawn]
    codes = {entry.code for entry in live}
    absent = tuple(code for code in before if code not in codes)
    changed: dict[str, dict[str, list[str]]] = {}
    for entry in live:
        old = before.get(entry.code, entry)
        if old != entry:
            values = {field.name: [getattr(old, field.name), getattr(entry, field.name)] for field in fields(Entry)}
            changed[entry.code] = {name: pair for name, pair in values.items() if pair[0] != pair[1]}
    return RosterChange(
        added=tuple(entry.code for entry in live if entry.code not in before),
        changed=changed,
        unchanged=sum(before.get(entry.code) == entry for entry in live),
        absent=() if replacing else absent,
        removed=absent if replacing else (),
        withdrawn=tuple(entry.code for entry in given if entry.code in withdrawn),
    )
