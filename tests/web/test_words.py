"""The texts of pages: in both languages, each error too."""

from __future__ import annotations

import pytest

from voting.errors import VotingError
from voting.web.i18n.words import WORDS
from voting.web.problems import STATUS


def test_both_languages_have_the_same_texts() -> None:
    assert vars(WORDS["zh"]).keys() == vars(WORDS["en"]).keys()


@pytest.mark.parametrize("error", [*STATUS, VotingError], ids=lambda error: error.code)
def test_a_page_names_each_error_in_both_languages(error: type[VotingError]) -> None:
    chinese, english = (getattr(WORDS[language], f"error_{error.code}") for language in ("zh", "en"))
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    assert english.isascii()
