"""The persons who sign a certified result."""

from __future__ import annotations

from dataclasses import dataclass

from voting.domain.contest.toml_schema import key


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who signs the certified result with a key of one's own; the log's first leaf names the key."""

    name: str = key("The person's name and office, as the result shows it.", least=1, most=120)
    vkey: str = key("The person's public key, as `voting log signer` prints it: name+id+key.", most=300)
