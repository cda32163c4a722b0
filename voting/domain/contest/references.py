"""References between the tables of a contest file: every name must exist and fit the place that refers to it."""

from __future__ import annotations

from collections.abc import Iterator

from voting.domain.contest.contest import Contest
from voting.domain.contest.roster_rules import roster_rule_faults
from voting.domain.contest.schema import Award, Criterion, OrganisationAward, Round
from voting.domain.contest.toml_schema import line_of
from voting.domain.names import difference, near_equal
from voting.domain.verifier_key import LOG_KEY, WITNESS_KEY, read_key
from voting.errors import Fault, say


def reference_faults(contest: Contest, text: str) -> Iterator[Fault]:
    """Yields every fault with its line in `text`."""
    yield from _unique(contest, text)
    yield from _points(contest, text)
    for path, what, mend in roster_rule_faults(contest):
        yield _fault(text, path, what, mend)
    for index, round_ in enumerate(contest.rounds):
        yield from _rubrics(contest, text, index, round_)
        yield from _criterion_names(text, index, round_)
    for index, cut in enumerate(contest.cuts):
        for place, source in (("by", cut.by), *(("order", each) for each in cut.order)):
            yield from _source(contest, text, source, ("cut", index, place), allowed=("public", "votes"))
    for index, part in enumerate(contest.blend.parts if contest.blend else ()):
        yield from _source(contest, text, part.source, ("blend", "part", index, "source"), allowed=("public",))
    for index, award in enumerate(contest.awards):
        yield from _award(contest, text, index, award)
    yield from _witnesses(contest, text)
    yield from _signers(contest, text)
    for index, honour in enumerate(contest.organisation_awards):
        yield from _organisation_award(contest, text, index, honour)


def _witnesses(contest: Contest, text: str) -> Iterator[Fault]:
    for index, witness in enumerate(contest.witnesses):
        if not _is_key(witness.vkey, WITNESS_KEY):
            mend = say("copy the witness' public key, which begins with its name and a plus sign")
            yield _fault(text, ("witness", index, "vkey"), say("is not the public key of a witness"), mend)
    names = [witness.name for witness in contest.witnesses]
    keys = [witness.vkey for witness in contest.witnesses]
    if len(set(names)) < len(names) or len(set(keys)) < len(keys):
        yield _fault(text, ("witness",), say("has a name or a key twice"), say("give each witness its own"))
    if contest.quorum is not None and contest.quorum > len(names):
        yield _fault(
            text, ("quorum",), say("is more than the {} witnesses", len(names)), say("name more [[witness]], or fewer")
        )


def _signers(contest: Contest, text: str) -> Iterator[Fault]:
    for index, signer in enumerate(contest.signers):
        if not _is_key(signer.vkey, LOG_KEY):
            mend = say("copy the line that the person's `voting log signer` prints")
            yield _fault(text, ("signer", index, "vkey"), say("is not the public key of a signer"), mend)
    keys = [signer.vkey for signer in contest.signers]
    if len(set(keys)) < len(keys):
        yield _fault(text, ("signer",), say("has a key twice"), say("give each signer the own one"))
    if len(keys) == 1:
        yield _fault(text, ("signer",), say("names one person, but two must sign"), say("name another [[signer]]"))


def _is_key(vkey: str, type: bytes) -> bool:
    try:
        return read_key(vkey).type == type
    except ValueError:
        return False


def _source(
    contest: Contest, text: str, source: str, path: tuple[str | int, ...], allowed: tuple[str, ...]
) -> Iterator[Fault]:
    kind, _, name = source.partition(":")
    names = {
        "round": [round_.id for round_ in contest.rounds],
        "metric": [metric.id for metric in contest.metrics if metric.of == "entry"],
    }
    if kind in names:
        if name not in names[kind]:
            there = ", ".join(names[kind]) or say("none")
            yield _fault(
                text,
                path,
                say("there is no {} {}", kind, repr(name)),
                say("write a [[{}]] with this id; there are: {}", kind, there),
            )
    elif kind not in allowed:
        yield _fault(
            text,
            path,
            say("{} cannot decide here", repr(source)),
            say("use {}, round:ID or metric:ID", ", ".join(allowed)),
        )


def _award(contest: Contest, text: str, index: int, award: Award) -> Iterator[Fault]:
    allowed = ("public", "votes", "final") if contest.blend else ("public", "votes")
    for place, source in (("by", award.by), *(("order", each) for each in award.order)):
        yield from _source(contest, text, source, ("award", index, place), allowed)
    if award.count is not None and award.percent is not None:
        yield _fault(text, ("award", index), say("has a count and a percentage"), say("give one of them"))
    earlier = [other.id for other in contest.awards[:index]]
    for other in award.excludes:
        if other not in earlier:
            there = ", ".join(earlier) or say("none")
            yield _fault(
                text,
                ("award", index, "excludes"),
                say("{} is not given before", repr(other)),
                say("earlier awards: {}", there),
            )
    categories = [category.id for category in contest.categories]
    for category in award.categories:
        if category not in categories:
            path = ("award", index, "categories")
            yield _fault(
                text, path, say("there is no category {}", repr(category)), say("there are: {}", ", ".join(categories))
            )
    if award.among == "all" and award.by == "final":
        mend = say('write among = "finalists", or another `by`')
        yield _fault(text, ("award", index, "among"), say("only those left have a final score"), mend)


def _organisation_award(contest: Contest, text: str, index: int, award: OrganisationAward) -> Iterator[Fault]:
    figures = [f"metric:{metric.id}" for metric in contest.metrics if metric.of == "organisation"]
    sources = ("entries", "finalists", "awards", *figures)
    counted = [merit.source for merit in award.merits]
    places = [(("merit", number, "source"), source) for number, source in enumerate(counted)]
    for place, source in (*places, *((("order",), source) for source in award.order)):
        if source not in sources:
            path = ("organisation_award", index, *place)
            yield _fault(
                text,
                path,
                say("{} does not count for organisations", repr(source)),
                say("there are: {}", ", ".join(sources)),
            )
    for source in dict.fromkeys(source for source in counted if counted.count(source) > 1):
        yield _fault(text, ("organisation_award", index), say("{} counts twice", repr(source)), say("give it once"))
    ways = [nomination.id for nomination in contest.nominations]
    if not ways:
        mend = say("write a [[nomination]] so that rosters say who recommends")
        yield _fault(text, ("organisation_award", index), say("nobody recommends entries"), mend)
    for name in award.nominations:
        if name not in ways:
            path = ("organisation_award", index, "nominations")
            yield _fault(
                text, path, say("there is no nomination {}", repr(name)), say("there are: {}", ", ".join(ways))
            )


def _rubrics(contest: Contest, text: str, index: int, round_: Round) -> Iterator[Fault]:
    """Yields faults of each category's criteria: at least one, no repeats, weights all unset or 100 percent in sum."""
    categories = [category.id for category in contest.categories]
    for number, criterion in enumerate(round_.criteria):
        for category in criterion.categories:
            if category not in categories:
                path = ("round", index, "criterion", number, "categories")
                yield _fault(
                    text,
                    path,
                    say("there is no category {}", repr(category)),
                    say("there are: {}", ", ".join(categories)),
                )
    # A rubric shared by all categories is reported once.
    rubrics = {round_.rubric(category): category for category in reversed(contest.category_ids)}
    for rubric, category in rubrics.items():
        for what, mend in _rubric(rubric):
            told = say("{} for category {}", what, repr(category)) if len(rubrics) > 1 else what
            yield _fault(text, ("round", index, "id"), told, mend)


def _criterion_names(text: str, index: int, round_: Round) -> Iterator[Fault]:
    """Yields faults of criterion names: they are columns of the marks table, next to `judge` and `entry`."""
    own: list[tuple[tuple[str | int, ...], str]] = [((), "judge"), ((), "entry")]
    criteria = [
        (("round", index, "criterion", number, "name"), each.name) for number, each in enumerate(round_.criteria)
    ]
    for path, name, _, other in near_equal([*own, *criteria]):
        what = say("{} is nearly {}, another column of the marks", repr(name), repr(other))
        yield _fault(
            text, path, what, say("they differ {}: write it so, or give it another name", difference(name, other))
        )
    for path, name in criteria:
        if name in ("judge", "entry"):
            yield _fault(
                text, path, say("{} is another column of the marks", repr(name)), say("give the criterion another name")
            )


def _rubric(rubric: tuple[Criterion, ...]) -> Iterator[tuple[str, str]]:
    names = [criterion.name for criterion in rubric]
    weights = [criterion.weight for criterion in rubric if criterion.weight is not None]
    if not rubric:
        yield say("has no criterion"), say("give it one, or let a criterion mark all categories")
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield say("has criterion {} twice", repr(name)), say("give each one its own name")
    if weights and len(weights) < len(rubric):
        yield say("some criteria have a weight and some have none"), say("give each one, or none")
    elif weights and sum(weights) != 100:
        yield say("the weights make {} percent", sum(weights)), say("let them make 100")


def _points(contest: Contest, text: str) -> Iterator[Fault]:
    rule = contest.public_points
    if (rule.normaliser == "rank_step") != bool(rule.steps):
        yield _fault(
            text,
            ("public_points", "steps"),
            say("belongs to rank_step, and only there"),
            say("such as {}", "[5, 4, 3, 2, 1]"),
        )
    elif rule.steps and (list(rule.steps) != sorted(rule.steps, reverse=True) or rule.steps[0] != rule.points):
        yield _fault(
            text, ("public_points", "steps"), say("must fall, from `points` on"), say("begin with {}", rule.points)
        )
    if rule.scope == "finalists" and not contest.cuts:
        yield _fault(
            text, ("public_points", "scope"), say("there are no finalists without a cut"), say('write scope = "all"')
        )


def _unique(contest: Contest, text: str) -> Iterator[Fault]:
    awards = [("award", index, each.id) for index, each in enumerate(contest.awards)]
    awards += [("organisation_award", index, each.id) for index, each in enumerate(contest.organisation_awards)]
    for number, (table, index, id) in enumerate(awards):
        if id in [other for _, _, other in awards[:number]]:
            yield _fault(text, (table, index, "id"), say("{} stands twice", repr(id)), say("give each award its own"))
    for table, ids in (
        ("round", [round_.id for round_ in contest.rounds]),
        ("metric", [metric.id for metric in contest.metrics]),
    ):
        for index, id in enumerate(ids):
            if id in ids[:index]:
                yield _fault(text, (table, index, "id"), say("{} stands twice", repr(id)), say("give each one its own"))


def _fault(text: str, path: tuple[str | int, ...], what: str, mend: str) -> Fault:
    place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    return Fault(line_of(text, *path), place, what, mend)
