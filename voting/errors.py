"""The error tree. Each leaf has a stable machine code; only `web/problems.py` maps codes to status codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


class VotingError(Exception):
    """Something was refused or found wrong."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str | None = None, **facts: Any) -> None:
        """`facts` are JSON-ready details for the caller, such as `remaining` or `closes_at`."""
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.facts = facts


class Malformed(VotingError):
    """The request is not well-formed; send UTF-8 JSON of the documented shape."""

    code = "malformed"


class TooLarge(VotingError):
    """The request body is too large."""

    code = "too_large"


class UnsupportedMediaType(VotingError):
    """Send the body uncompressed as application/json."""

    code = "unsupported_media_type"


class HeadersTooLarge(VotingError):
    """The request has too many header fields, or too large ones."""

    code = "headers_too_large"


class SlowRequest(VotingError):
    """The request body did not arrive in time; send it again."""

    code = "slow_request"


class SlowDown(VotingError):
    """Too many requests from here; wait a moment and send it again."""

    code = "slow_down"


class TryAgain(VotingError):
    """The service is busy or the outcome is unknown; send the same request again with the same key."""

    code = "try_again"


class SignInExpired(VotingError):
    """This sign-in was not begun in this browser within the last ten minutes, or is used up; begin it again."""

    code = "sign_in_expired"


class SnapshotPage(VotingError):
    """WeChat shows this page as a snapshot, where nobody can sign in; open the whole page and sign in there."""

    code = "snapshot_page"


class CredentialMissing(VotingError):
    """A credential is needed: send it as a bearer token or as the cookie."""

    code = "credential_missing"


class CredentialInvalid(VotingError):
    """The credential is not one that this contest accepts; get a new one."""

    code = "credential_invalid"


class ChallengeRequired(VotingError):
    """Solve the challenge and send the same request again with `challenge`."""

    code = "challenge_required"


class Forbidden(VotingError):
    """The key's role does not allow this."""

    code = "forbidden"


class ChannelClosed(VotingError):
    """This contest does not accept votes through this channel; its rules list the channels."""

    code = "channel_closed"


class SignInRefused(VotingError):
    """The sign-in page did not confirm who you are, so you cannot vote this way."""

    code = "sign_in_refused"


class ProviderAway(TryAgain):
    """The service that confirms who you are does not answer; try again in a moment."""

    code = "provider_away"


class WeChatBusy(ProviderAway):
    """WeChat does not answer at the moment; sign in again in a moment."""

    code = "wechat_busy"


class PhoneInvalid(VotingError):
    """This is not a mobile phone's number; numbers outside mainland China begin with + and the country's code."""

    code = "phone_invalid"


class CodeWrong(VotingError):
    """The code is wrong, too old, used or was tried too often; ask for a new one."""

    code = "code_wrong"


class NotAsked(VotingError):
    """This voter is not asked to confirm, or no longer; nothing needs to be done."""

    code = "not_asked"


class ConfirmationTaken(VotingError):
    """This number or account has confirmed another vote; each confirms one."""

    code = "confirmation_taken"


class NotFound(VotingError):
    """There is nothing at this address."""

    code = "not_found"


class NotYet(VotingError):
    """It is recorded and will be in the log within seconds; ask again then."""

    code = "not_yet"


class MethodNotAllowed(VotingError):
    """This address does not support this method."""

    code = "method_not_allowed"


class ContestUnknown(VotingError):
    """There is no such contest."""

    code = "contest_unknown"


class EntryUnknown(VotingError):
    """There is no such entry in this contest."""

    code = "entry_unknown"


class EntryWithdrawn(VotingError):
    """This entry has been withdrawn from the contest."""

    code = "entry_withdrawn"


class ReceiptUnknown(VotingError):
    """This is no receipt of this contest; copy the whole text, with its two full stops."""

    code = "receipt_unknown"


class ComplaintsFull(SlowDown):
    """Too many complaints wait for an answer; come back later, or ask the host in another way."""

    code = "complaints_full"


class ComplaintsOver(VotingError):
    """The data of this contest are deleted, and it takes no more complaints; ask the host."""

    code = "complaints_over"


class QuotaExhausted(VotingError):
    """The voter's quota does not allow these picks now."""

    code = "quota_exhausted"


class WindowNotOpen(VotingError):
    """Voting has not begun."""

    code = "window_not_open"


class WindowClosed(VotingError):
    """Voting has ended."""

    code = "window_closed"


class PauseUsed(VotingError):
    """Nobody confirmed the pause that this account began within the last six hours; another account may pause."""

    code = "pause_used"


class ContestPaused(VotingError):
    """The organiser has paused the vote."""

    code = "contest_paused"


class KeyReused(VotingError):
    """This idempotency key already stands for another ballot; take a new key for a new ballot."""

    code = "key_reused"


class PicksInvalid(VotingError):
    """The picks do not fit the contest's ballot."""

    code = "picks_invalid"


class AlreadyExists(VotingError):
    """It exists already."""

    code = "already_exists"


class Certified(VotingError):
    """The result is certified and cannot change; `voting certify --reopen` opens it for review again, on record."""

    code = "certified"


class Stale(VotingError):
    """It has changed since it was read; read it again and decide on its present state."""

    code = "stale"


class NotCertifiable(VotingError):
    """The result cannot be certified yet."""

    code = "not_certifiable"


class NotScorable(VotingError):
    """A figure that the score needs is missing."""

    code = "not_scorable"


class RulesSealed(VotingError):
    """The rules are sealed: what the contest's file does not declare changeable stays as it is."""

    code = "rules_sealed"


class RosterSealed(VotingError):
    """Voting has begun with these entries; to change them anyway, and record it, pass --amend."""

    code = "roster_sealed"


class SecondPersonNeeded(VotingError):
    """It is proposed, on record; it is done when a second account does the same."""

    code = "second_person_needed"


class AuditBroken(VotingError):
    """The audit log is not as it was recorded."""

    code = "audit_broken"


class LogBroken(VotingError):
    """The public log is not what was signed."""

    code = "log_broken"


class ProofInvalid(VotingError):
    """The proof does not show that the ballot is in the log."""

    code = "proof_invalid"


class SettingInvalid(VotingError):
    """A setting is missing or wrong."""

    code = "setting_invalid"


class EnginesUnavailable(VotingError):
    """The embedded PostgreSQL or Valkey cannot run here."""

    code = "engines_unavailable"


class SchemaUnfit(VotingError):
    """The database's schema or settings do not fit this program."""

    code = "schema_unfit"


class Said(str):
    """A sentence in English with its template and what stands in it, so that pages can say it in another language.

    A value may be a sentence itself. Its template is its key in the tables of voting/web/i18n.
    """

    __slots__ = ("template", "values")

    template: str
    values: tuple[object, ...]

    def __new__(cls, template: str, *values: object) -> Said:
        """Returns the template, of `str.format`, filled in."""
        sentence = super().__new__(cls, template.format(*values))
        sentence.template, sentence.values = template, values
        return sentence

    def __getnewargs__(self) -> tuple[object, ...]:  # type: ignore[override]
        """Returns what a copy is made of."""
        return self.template, *self.values


say = Said

SHOWN_FAULTS = 50


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file: where it is, what it is and how to fix it.

    `line` counts from 1; 0 means the whole file. `place` is a key's path or a column's name.
    """

    line: int
    place: str
    what: str
    mend: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "file"
        place = f", {self.place}" if self.place else ""
        return f"{where}{place}: {self.what}; {self.mend}"


class FileInvalid(VotingError):
    """A file given by the organiser has faults."""

    code = "file_invalid"

    def __init__(self, name: str, faults: tuple[Fault, ...]) -> None:
        """`name` is the file as the organiser named it; there is at least one fault. The message shows the first 50."""
        lines = [f"{name}: {fault}" for fault in faults[:SHOWN_FAULTS]]
        if len(faults) > SHOWN_FAULTS:
            lines.append(f"{name}: and {len(faults) - SHOWN_FAULTS} more faults")
        super().__init__("\n".join(lines))
        self.faults = faults
