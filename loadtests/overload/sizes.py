"""The sizes of the scenarios."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Defaults of the command; tests use small ones."""

    connections: int = 2000
    spike_ballots: int = 37_000
    spike_seconds: float = 3.0
    peak_at_once: tuple[int, ...] = (64, 128, 256)
    peak_seconds: float = 4.0
    overloads: tuple[int, ...] = (2, 5, 10)
    overload_seconds: float = 10.0
    overload_ballots: int = 500_000
    steady_rate: float = 300.0
    """Ballots a second beside other clients."""
    steady_connections: int = 200
    slow_clients_seconds: float = 25.0
    board_rounds: int = 3
    board_seconds: float = 10.0
    challenge_connections: int = 64
    challenge_rounds: int = 3
    challenge_seconds: float = 4.0
    calm_seconds: float = 2.0
    """Before and after a measurement."""
    ballots_per_connection: int = 5
