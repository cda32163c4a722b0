"""Tampering with what is published: documents, the log, its checkpoint, its leaves, the bundle."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable
from typing import Any

from tests.verifier import made
from tests.verifier.case import Case
from tests.verifier.tampering.kinds import kind

LATE = "2026-11-23T00:00:09Z"
COUNTS = {"seal", "close", "result", "manifest", "certificate"}


def line(name: str, value: str) -> Callable[[bytes], bytes]:
    """Gives a line of a leaf another value."""
    pattern = re.compile(rf"^{re.escape(name)} .*$".encode(), re.MULTILINE)
    return lambda leaf: pattern.sub(f"{name} {value}".encode(), leaf, count=1)


# Documents.


@kind(15, "open")
def another_policy(case: Case) -> None:
    case.edit("policy.toml", lambda data: data.replace(b"2026.2", b"2026.1"), listed=True)


@kind(16, "open")
def two_entries_exchanged(case: Case) -> None:
    exchanged = {b"A003": b"A004", b"A004": b"A003"}
    case.edit("roster.csv", lambda data: re.sub(rb"(?m)^A00[34]", lambda match: exchanged[match[0]], data), listed=True)


@kind(17, "open")
def another_contest_file(case: Case) -> None:
    case.edit("contest.toml", lambda data: data + b"per_day = 50\n", listed=True)


@kind(17, "open")
def another_verifier(case: Case) -> None:
    case.edit("verify.py", lambda _: b"print('OK')\n", listed=True)


# The log's files.


@kind(19, "leaf", "manifest")
def a_bit_in_an_entry(case: Case) -> None:
    case.edit(case.tile("entries"), lambda data: data[:2] + case.flip(data[2:100]) + data[100:])


@kind(20, "tile", "manifest")
def a_bit_in_level_0(case: Case) -> None:
    case.edit(case.tile("0"), case.flip)


@kind(20, "tile", "manifest")
def a_bit_in_level_1(case: Case) -> None:
    case.edit(case.tile("1"), case.flip)


@kind(20, "tile", "manifest")
def a_tile_missing(case: Case) -> None:
    (case.folder / case.tile("0")).unlink()


@kind(19, "leaf", "manifest")
def entries_missing(case: Case) -> None:
    (case.folder / case.tile("entries")).unlink()


@kind(30, "format", "manifest")
def bytes_left_over(case: Case) -> None:
    case.edit(case.tile("entries"), lambda data: data + b"\0")


@kind(30, "format", "manifest")
def a_wrong_length(case: Case) -> None:
    case.edit(case.tile("entries"), lambda data: bytes([data[0], data[1] ^ 1]) + data[2:])


@kind(30, "format", "manifest")
def a_tile_of_another_size(case: Case) -> None:
    path = case.log / "tile" / "0" / "001.p" / "7"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(7 * 32))


# A log that its own key has signed, but otherwise than before.


@kind(21, "inconsistent", also=COUNTS)
def a_leaf_removed(case: Case) -> None:
    case.keep(-2)
    at = case.ballot()
    case.rewrite(case.world.leaves[:at] + case.world.leaves[at + 1 :])


@kind(22, "inconsistent", also=COUNTS)
def a_leaf_inserted(case: Case) -> None:
    case.keep()
    at = case.ballot()
    case.rewrite([*case.world.leaves[:at], made.leaf("note/v1", LATE), *case.world.leaves[at:]])


@kind(23, "inconsistent")
def two_leaves_exchanged(case: Case) -> None:
    case.keep(-1)
    first, second = case.world.ballots[0][0], case.world.ballots[1][0]
    leaves = list(case.world.leaves)
    leaves[first], leaves[second] = leaves[second], leaves[first]
    case.rewrite(leaves)


@kind(24, "inconsistent", also=COUNTS)
def the_tail_cut(case: Case) -> None:
    case.keep()
    case.rewrite(case.world.leaves[:-50])


@kind(25, "equivocation", also=COUNTS)
def the_tail_cut_and_regrown(case: Case) -> None:
    case.keep()
    regrown = [made.leaf("incident/v1", LATE, f"what regrown {number}") for number in range(50)]
    case.rewrite(case.world.leaves[:-50] + regrown)


# The checkpoint.


@kind(26, "signature", "manifest")
def another_size(case: Case) -> None:
    size = str(len(case.world.leaves)).encode()
    case.edit("log/checkpoint", lambda data: data.replace(b"\n" + size, b"\n" + size[:-1], 1))


@kind(26, "signature", "manifest")
def another_root(case: Case) -> None:
    case.edit(
        "log/checkpoint", lambda data: re.sub(rb"\n[A-Za-z0-9+/]{43}=\n", f"\n{made.b64(bytes(32))}\n".encode(), data)
    )


@kind(26, "signature", "manifest")
def another_origin(case: Case) -> None:
    case.edit("log/checkpoint", lambda data: data.replace(b"damei-2026\n", b"damei-2027\n", 1))


@kind(27, "signature", "manifest")
def another_key_of_the_same_id(case: Case) -> None:
    def change(note: bytes) -> bytes:
        text = note.partition(b"\n\n")[0] + b"\n"
        id = bytes.fromhex(made.LOG_VKEY.split("+")[1])
        return text + f"\n— {made.ORIGIN} {made.b64(id + made.STRANGER.sign(text))}\n".encode()

    case.edit("log/checkpoint", change)


def cosigned(case: Case, *lines: str) -> None:
    note = (case.log / "checkpoint").read_bytes()
    (case.folder / "checkpoint.cosigned").write_bytes(note + "".join(lines).encode())
    made.write_sums(case.folder)


def cosignature(case: Case, name: str, *, at: int = made.COSIGNED_AT, size: int | None = None) -> str:
    text = (case.log / "checkpoint").read_bytes().partition(b"\n\n")[0] + b"\n"
    if size:
        text = re.sub(rb"\n\d+\n", f"\n{size}\n".encode(), text, count=1)
    return made.signature_line(f"{name}.example", made.WITNESSES.get(name, made.STRANGER), text, 4, at)


@kind(28, "quorum")
def cosignatures_removed(case: Case) -> None:
    cosigned(case, cosignature(case, "press"))


@kind(28, "quorum")
def a_cosignature_of_an_older_note(case: Case) -> None:
    cosigned(case, cosignature(case, "press"), cosignature(case, "notary", size=200))


@kind(28, "quorum")
def a_cosignature_of_a_stranger(case: Case) -> None:
    cosigned(case, cosignature(case, "press"), cosignature(case, "stranger"))


@kind(28, "quorum")
def one_witness_twice(case: Case) -> None:
    cosigned(case, cosignature(case, "press"), cosignature(case, "press", at=made.COSIGNED_AT + 1))


@kind(29, "quorum")
def a_cosignature_of_the_future(case: Case) -> None:
    cosigned(case, cosignature(case, "press"), cosignature(case, "notary", at=2**62))


# Leaves.


@kind(31, "format")
def a_leaf_with_carriage_returns(case: Case) -> None:
    case.change(case.ballot(), lambda leaf: leaf.replace(b"\n", b"\r\n"))


@kind(31, "format", also=COUNTS)
def an_id_in_capitals(case: Case) -> None:
    at = next(at for at, _, _ in case.world.ballots if re.search(rb"\n[0-9-]*[a-f][0-9a-f-]*\n", case.world.leaves[at]))
    case.change(at, lambda leaf: leaf.replace(leaf.split(b"\n")[2], leaf.split(b"\n")[2].upper()))


@kind(31, "format", also=COUNTS)
def a_ballot_with_a_line_more(case: Case) -> None:
    case.change(case.ballot(), lambda leaf: leaf + b"note 1\n")


@kind(31, "format", also=COUNTS)
def a_commitment_with_unused_bits(case: Case) -> None:
    case.change(
        case.ballot(), lambda leaf: leaf[:-3] + bytes([leaf[-3] + (1 if leaf[-3] not in b"Zz9/" else -1)]) + leaf[-2:]
    )


@kind(31, "duplicate")
def an_id_twice(case: Case) -> None:
    id = case.world.leaves[case.world.ballots[0][0]].split(b"\n")[2]
    case.change(case.world.ballots[200][0], lambda leaf: leaf.replace(leaf.split(b"\n")[2], id))


@kind(32, "window")
def a_ballot_outside_the_window(case: Case) -> None:
    case.change(case.ballot(), lambda leaf: leaf.replace(leaf.split(b"\n")[3], b"2026-11-19T23:59:59Z"))


@kind(32, "window", also=COUNTS)
def a_ballot_after_the_close(case: Case) -> None:
    late = made.ballot_leaf(uuid.UUID(int=1), "2026-11-22T23:59:59Z", 1, bytes(32))
    case.rewrite([*case.world.leaves, late])


@kind(10, "decision")
def a_number_left_out(case: Case) -> None:
    case.change(case.find("decisions"), line("number", "2"))


@kind(18, "open")
def an_extension_without_its_leaf(case: Case) -> None:
    """The contest's file has it, as the database had; of a pause no file but the log would tell."""
    case.edit("contest.toml", lambda data: data + b"# closes_at = 2026-11-25T00:00:00Z\n", listed=True)


@kind(18, "act")
def an_act_with_a_float(case: Case) -> None:
    case.change(case.find("act"), line("details", '{"share":0.5}'))


@kind(18, "format")
def a_leaf_without_a_line(case: Case) -> None:
    case.change(case.find("act"), lambda leaf: re.sub(rb"(?m)^document .*\n", b"", leaf))


@kind(17, "open")
def opened_twice(case: Case) -> None:
    case.change(case.find("erasure"), lambda _: case.world.leaves[0])


def announce(case: Case, old: int, new: int) -> None:
    keys = [made.vkey_of(made.ORIGIN, made.key_of(number)) for number in (old, new)]
    lines = (f"old {keys[0]}", f"new {keys[1]}", f"witnesses {'6' * 64}")
    case.change(case.find("erasure"), lambda _: made.leaf("key/v1", made.moment(made.OPENS), *lines))


@kind(26, "key", also={"open", "signature"})
def a_key_that_was_not_in_force(case: Case) -> None:
    announce(case, 1, 11)
    announce(case, 1, 12)


@kind(26, "signature", also={"open"})
def an_old_key_alone(case: Case) -> None:
    announce(case, 1, 11)


@kind(5, "close")
def a_close_with_other_counts(case: Case) -> None:
    case.change(case.find("close"), line("ballots", str(len(case.world.ballots) - 1)))


@kind(40, "seal")
def a_seal_with_other_counts(case: Case) -> None:
    case.change(case.find("seal"), line("ballots", "1"))


# The bundle.


@kind(40, "seal", also={"result"})
def another_opening_of_a_day(case: Case) -> None:
    def move(seals: Any) -> None:
        seals[1]["picks"]["A001"] += 1
        seals[1]["picks"]["A002"] -= 1

    case.json("seals.json", move)


@kind(37, "result")
def a_vote_moved_in_the_result(case: Case) -> None:
    def move(result: Any) -> None:
        for entry, change in zip(result["entries"][:2], (1, -1), strict=True):
            entry["raw"] += change
            entry["counted"] += change

    case.json("result.json", move)


@kind(37, "result")
def a_vote_more_in_the_result(case: Case) -> None:
    case.json("result.json", lambda result: result["entries"][0].update(counted=result["entries"][0]["counted"] + 1))


@kind(39, "manifest")
def a_file_changed(case: Case) -> None:
    case.edit("README.en.md", lambda data: data + b"all is well\n")


@kind(39, "manifest")
def a_file_renamed(case: Case) -> None:
    (case.folder / "README.en.md").rename(case.folder / "README.de.md")
    made.write_sums(case.folder)


@kind(39, "manifest")
def a_file_added(case: Case) -> None:
    (case.folder / "notes.txt").write_text("")
    made.write_sums(case.folder)


@kind(39, "manifest", "certificate")
def a_key_twice(case: Case) -> None:
    case.edit("manifest.json", lambda data: data.replace(b"{", b'{"ballots":1,', 1))


@kind(39, "manifest", "certificate")
def a_float(case: Case) -> None:
    case.edit("manifest.json", lambda data: data.replace(b'"certification":1', b'"certification":1.0'))


@kind(39, "certificate", "manifest")
def the_first_certification_shown_as_the_second(case: Case) -> None:
    case.edit("manifest.json", lambda data: data.replace(b'"certification":1', b'"certification":2'))


def certified_by(case: Case, *names: str) -> None:
    note = (case.folder / "signatures" / "certificate").read_bytes()
    made.certify(case.folder, note.rpartition(b"\n\n")[0] + b"\n", [(name, made.PERSONS[name]) for name in names])
    shutil.copy(case.folder / "signatures" / "certificate", case.folder / "stamps" / "certificate")
    made.stamp(case.folder / "stamps" / "certificate")
    made.write_sums(case.folder)


@kind(39, "certificate")
def one_signer_twice(case: Case) -> None:
    certified_by(case, "person.example/li", "person.example/li")


@kind(39, "certificate", also={"stamp"})
def no_certificate(case: Case) -> None:
    (case.folder / "signatures" / "certificate").unlink()
    made.write_sums(case.folder)


@kind(39, "certificate", "inclusion")
def the_certificate_of_another_log(case: Case) -> None:
    text = made.certificate_leaf(100, bytes(32), (case.folder / "manifest.json").read_bytes())
    made.certify(case.folder, text)
    certified_by(case, *made.PERSONS)


@kind(39, "stamp")
def a_stamp_of_another_hash(case: Case) -> None:
    case.edit("stamps/certificate.tsr", lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    made.write_sums(case.folder)


@kind(36, "inclusion")
def a_proof_of_another_leaf(case: Case) -> None:
    case.edit("proofs/close.tlog-proof", lambda data: re.sub(rb"index \d+", b"index 5", data), listed=True)


@kind(5, "manifest", "result")
def figures_of_another_log(case: Case) -> None:
    case.world.ballots.pop()
    case.json("result.json", lambda result: result.update(ballots=result["ballots"] - 1))
