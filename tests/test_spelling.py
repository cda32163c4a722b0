"""Which known name a misspelt one meant, and how a message asks."""

from __future__ import annotations

from voting.spelling import did_you_mean, nearest

KNOWN = ("title", "window", "quota")


def test_the_nearest_name_is_asked_for_as_its_kind_is_written() -> None:
    assert did_you_mean("titel", KNOWN) == "did you mean 'title'?"
    assert did_you_mean("titel", KNOWN, "`{}`".format) == "did you mean `title`?"
    assert did_you_mean("titel", KNOWN, str) == "did you mean title?"


def test_no_suggestion_without_a_near_name() -> None:
    assert did_you_mean("zzz", KNOWN) == nearest("zzz", KNOWN) == nearest("title", ()) == ""
    assert nearest("titel", KNOWN, alike=0.9) == ""
    assert nearest("quote", KNOWN, alike=0) == "quota"
