"""Tampering that voters find with their receipts, and auditors with openings."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable
from typing import Any

from tests.verifier import made
from tests.verifier.case import Case
from tests.verifier.tampering.kinds import kind

# What the service's database says, as an auditor gets it.


def another_pick(opened: list[Any]) -> None:
    """Moves a vote of a ballot to an entry that it did not name."""
    opened[4] = sorted([*opened[4][1:], next(code for code in made.CODES if code not in opened[4])])


@kind(1, "opening", "result")
def a_pick_changed(case: Case) -> None:
    case.open(lambda _, ballots: another_pick(case.dice.choice(ballots)))


@kind(2, "opening", "result")
def a_pick_and_its_salt_changed(case: Case) -> None:
    def change(_: Any, ballots: list[Any]) -> None:
        opened = case.dice.choice(ballots)
        another_pick(opened)
        opened[5] = made.b64(case.dice.randbytes(16))

    case.open(change)


@kind(3, "promise")
def a_ballot_rebuilt_with_its_leaf(case: Case) -> None:
    index, statements, place = case.dice.choice(case.world.ballots)
    case.hold(made.receipt(statements, place))
    another_pick(opened := next(opened for opened in case.world.opened if opened[1] == index))
    lines = statements[place].split(b"\n")
    case.change(index, lambda _: b"\n".join([*lines[:5], made.b64(made.commitment(opened)).encode(), b""]))


@kind(4, "opening", also={"result"})
def the_picks_of_two_ballots_swapped(case: Case) -> None:
    def change(_: Any, ballots: list[Any]) -> None:
        one = case.dice.choice(ballots)
        other = next(each for each in ballots if each[4] != one[4] and len(each[4]) == len(one[4]))
        one[4], other[4] = other[4], one[4]

    case.open(change)


@kind(5, "opening", "result")
def a_ballot_deleted(case: Case) -> None:
    case.open(lambda _, ballots: ballots.remove(case.dice.choice(ballots)))


@kind(6, "opening", also={"result"})
def a_ballot_added(case: Case) -> None:
    def change(_: Any, ballots: list[Any]) -> None:
        at = case.dice.randrange(len(ballots))
        ballots.insert(at, [*ballots[at][:2], str(uuid.UUID(int=at)), *ballots[at][3:]])

    case.open(change)


@kind(7, "opening")
def a_moment_moved_out_of_the_window(case: Case) -> None:
    def change(_: Any, ballots: list[Any]) -> None:
        opened = case.dice.choice(ballots)
        opened[3] = str(int(opened[3]) - 9 * 86_400_000_000)

    case.open(change)


@kind(8, "opening", also={"result"})
def a_state_without_a_decision(case: Case) -> None:
    def change(_: Any, ballots: list[Any]) -> None:
        case.dice.choice(ballots)[6][1] = "void"

    case.open(change)


def decision(case: Case, change: Callable[[list[Any]], object]) -> None:
    """Changes a line of decisions with its salt."""
    case.open(lambda decisions, _: change(case.dice.choice(case.dice.choice(decisions)[2][:-1])))


def of_decision(place: int, value: Any) -> Callable[[list[Any]], None]:
    """Gives a decision another value."""

    def change(salted: list[Any]) -> None:
        line = json.loads(salted[1])
        assert line[place] != value
        line[place] = value
        salted[1] = made.canonical(line).decode()

    return change


@kind(9, "decision", also={"result"})
def a_decision_edited(case: Case) -> None:
    def change(salted: list[Any]) -> None:
        was = json.loads(salted[1])[1]
        of_decision(1, "void" if was != "void" else "count")(salted)

    decision(case, change)


@kind(9, "decision", also={"result"})
def a_decision_deleted(case: Case) -> None:
    case.open(lambda decisions, _: case.dice.choice(decisions)[2].pop(0))


@kind(9, "decision", also={"result"})
def a_decision_back_dated(case: Case) -> None:
    case.open(lambda decisions, _: decisions[0][2].insert(0, decisions[1][2].pop(0)))


@kind(10, "decision", also={"result"})
def a_decision_added(case: Case) -> None:
    def change(decisions: list[Any], _: Any) -> None:
        decisions[-1][2].insert(0, [made.b64(bytes(16)), decisions[-1][2][0][1].replace("review", "certification")])

    case.open(change)


@kind(10, "result")
def a_decision_after_the_close(case: Case) -> None:
    """The result follows it, the log has no leaf of it."""
    after = copy.deepcopy(case.world)
    id = next(opened[2] for opened in after.opened if opened[6][1] == "count")
    line = made.canonical([id, "void", [], "review", "", "", 2]).decode()
    after.decisions.append(
        ["decisions", len(after.decisions) + 1, [[made.b64(bytes(16)), line], [made.b64(bytes(16)), "[]"]]]
    )
    votes = made.figures(after)

    def follow(result: Any) -> None:
        for entry in result["entries"]:
            entry.update({name: votes[entry["code"]][state] for state, name in made.FIGURES.items()})

    case.json("result.json", follow)
    case.open(lambda decisions, _: decisions.append(after.decisions[-1]))


@kind(11, "decision")
def a_reason_changed(case: Case) -> None:
    decision(case, of_decision(2, ["burst"]))


@kind(11, "decision")
def the_policy_of_a_decision_changed(case: Case) -> None:
    decision(case, of_decision(4, "6" * 64))


# Receipts and proofs.


@kind(34, "promise")
def a_ballot_that_was_never_logged(case: Case) -> None:
    """Its row of the queue was deleted."""
    statement = made.ballot_leaf(uuid.UUID(int=7), made.moment(made.OPENS), 1, bytes(32))
    case.hold(made.receipt([statement], 0))


def receipt_of_two(case: Case, part: int) -> None:
    """A receipt with a part of another batch's."""
    one, other = (made.receipt(*case.world.ballots[at][1:]).split(".") for at in case.dice.sample(range(0, 200, 20), 2))
    case.hold(".".join([*one[:part], other[part], *one[part + 1 :]]))


@kind(35, "receipt")
def a_statement_of_another_batch(case: Case) -> None:
    receipt_of_two(case, 0)


@kind(35, "receipt")
def a_signature_of_another_batch(case: Case) -> None:
    receipt_of_two(case, 2)


@kind(35, "receipt")
def a_hop_less(case: Case) -> None:
    statements, place = next((statements, place) for _, statements, place in case.world.ballots if len(statements) > 1)
    statement, path, signature = made.receipt(statements, place).split(".")
    case.hold(f"{statement}.{path[44:]}.{signature}")


@kind(36, "inclusion")
def an_index_moved(case: Case) -> None:
    def change(lines: list[bytes], note: bytes) -> bytes:
        lines[1] = b"index %d" % (int(lines[1].split()[1]) ^ 1)
        return note

    case.prove(change)


@kind(36, "inclusion")
def a_hash_dropped(case: Case) -> None:
    def change(lines: list[bytes], note: bytes) -> bytes:
        lines.pop()
        return note

    case.prove(change)


@kind(36, "inclusion")
def a_hash_added(case: Case) -> None:
    def change(lines: list[bytes], note: bytes) -> bytes:
        lines.append(lines[-1])
        return note

    case.prove(change)


@kind(36, "inclusion")
def two_hashes_exchanged(case: Case) -> None:
    def change(lines: list[bytes], note: bytes) -> bytes:
        lines[2], lines[3] = lines[3], lines[2]
        return note

    case.prove(change)


@kind(36, "inclusion")
def a_proof_with_an_older_checkpoint(case: Case) -> None:
    case.keep(-1)
    kept, case.kept = case.kept, None
    assert kept
    case.prove(lambda _, __: kept.read_bytes())
