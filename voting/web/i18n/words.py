"""All texts of the pages except those of contests, in both languages."""

from __future__ import annotations

from types import SimpleNamespace

from voting.domain.identity.tier import NAMES
from voting.domain.language import Language
from voting.web.i18n import board_words, log_words, organiser_words, results_words, review_words
from voting.web.i18n.en import EN
from voting.web.i18n.zh import ZH

# Texts used by the pages' scripts.
_SCRIPT = (
    "sending",
    "checking",
    "checking_line",
    "offline",
    "offline_line",
    "unknown",
    "unknown_line",
    "unknowable",
    "unknowable_line",
    "too_fast",
    "too_fast_line",
    "busy",
    "busy_line",
    "waiting",
    "waiting_line",
    "recorded_at",
    "submit_ballot",
    "channel_closed",
    "quota_exhausted",
    "window_not_open",
    "window_closed",
    "contest_paused",
    "picks_invalid",
    "entry_unknown",
    "slow_down",
    "try_again",
    "sign_in_first",
    "phone_sent",
    "phone_invalid",
    "confirmed",
    "not_asked",
    "confirmation_taken",
    "code_wrong",
    "provider_away",
    "insecure",
    "failed",
    "voted",
    "vote",
    "choose",
    "chosen",
    "phase_open",
    "phase_not_open",
    "phase_closed",
    "phase_paused",
    "sign_in_wrong",
    "sign_in_slow",
    "password_weak",
    "voted_day",
    "full",
    "full_day",
    "chosen_remove",
    "recorded",
    "see_receipt",
    "proof_waits",
    "proof_checked",
    "proof_absent",
    "proof_wrong",
    "proof_key",
    "proof_away",
    "proof_uncheckable",
    "why_entry",
    "why_entry_never",
    "why_full",
    "why_full_never",
    "missing",
    "remove",
    "basket_full",
    "copied",
    "days_hours",
    "minutes_left",
    "basket_span",
    "error_already_exists",
    "error_certified",
    "error_forbidden",
    "marking_offline",
    "marking_range",
    "marking_saved",
    "marking_saving",
    "error_malformed",
    "error_entry_unknown",
    "error_not_found",
    "error_receipt_unknown",
    "error_file_invalid",
    "error_too_large",
    "sending_file",
    "reading_file",
    "not_utf8",
    "file_unchecked",
    "error_roster_sealed",
    "error_rules_sealed",
    "error_complaints_full",
    "error_complaints_over",
    "error_pause_used",
    "error_slow_down",
    "error_stale",
    "error_window_closed",
)


def _words(language: Language, table: dict[str, str]) -> SimpleNamespace:
    tiers = {f"tier_{tier}": name for tier, name in NAMES[language].items()}
    return SimpleNamespace(**table, script={name: table[name] for name in _SCRIPT} | tiers)


WORDS: dict[Language, SimpleNamespace] = {
    "zh": _words("zh", ZH | log_words.ZH | review_words.ZH | results_words.ZH | organiser_words.ZH | board_words.ZH),
    "en": _words("en", EN | log_words.EN | review_words.EN | results_words.EN | organiser_words.EN | board_words.EN),
}
