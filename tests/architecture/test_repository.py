"""Rules for the whole repository."""

from __future__ import annotations

import ast
import re
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

from tests.conftest import ROOT
from voting.domain.identity.roles import ROLES
from voting.errors import VotingError
from voting.web.app import HANDLERS, create_app
from voting.web.dependencies import Services
from voting.web.flood_limiter import EXCEPTIONS, READS, WRITES
from voting.web.options import WebOptions
from voting.web.problems import STATUS

LONGEST_FILE = 450
VERIFIER = ROOT / "voting" / "verifier" / "verify.py"
LONGEST_FUNCTION = 60
# Written in parts, so that this file does not contain what it searches for.
UNWANTED = [
    r"/(?:work|farm)/",
    r"pypi\.org/" + "simple",
    r"registry\." + "npmjs",
    "index" + "-url",
    '"resolved": "' + "http",
]


def tracked(*suffixes: str) -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and name.endswith(suffixes or ("",)) and (ROOT / name).is_file()]


def test_no_file_names_a_registry_or_a_machines_paths() -> None:
    pattern = re.compile("|".join(UNWANTED))
    for path in tracked():
        if path == Path(__file__).resolve():
            continue
        found = pattern.search(path.read_text("utf-8", "ignore"))
        assert found is None, f"{path}: {found and found[0]}"


def test_nothing_built_is_tracked() -> None:
    assert not [path for path in tracked() if "static" in path.parts or path.name in ("uv.lock", "pylock.toml")]


def test_every_pinned_package_has_hashes() -> None:
    for path in tracked("requirements/run.txt", "requirements/dev.txt", "requirements/uv.txt", "requirements/node.txt"):
        blocks = re.split(r"\n(?=\S)", path.read_text("utf-8"))
        pins = [block for block in blocks if "==" in block.split("\n")[0]]
        assert pins
        assert all("--hash=sha256:" in block for block in pins), path


def test_files_and_functions_stay_small() -> None:
    for path in tracked(".py"):
        text = path.read_text("utf-8")
        # A catalogue of words is looked up, not read; the verifier is one file that a stranger can carry away.
        assert text.count("\n") <= LONGEST_FILE or path.parent.name == "i18n" or path == VERIFIER, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
                assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{path}: {node.name}"


def test_every_module_and_public_function_of_the_package_has_a_docstring() -> None:
    for path in tracked(".py"):
        if "voting" not in path.relative_to(ROOT).parts[:1]:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        assert ast.get_docstring(tree), path
        # The functions of a drawing are named after their motifs.
        for node in tree.body if "covers" not in path.parts else []:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith(
                "_"
            ):
                assert ast.get_docstring(node), f"{path}: {node.name}"


def test_one_module_compares_spellings_and_one_makes_up_retry_after() -> None:
    texts = {
        path.relative_to(ROOT / "voting").as_posix(): path.read_text("utf-8")
        for path in (ROOT / "voting").rglob("*.py")
    }
    assert [name for name, text in texts.items() if "get_close_matches" in text] == ["spelling.py"]
    given = {name: set(re.findall(r"retry_after=(\w+)", text)) - {"retry_after"} for name, text in texts.items()}
    # Admission writes the value that its gate has computed.
    assert {name: values for name, values in given.items() if values} == {"server/admission.py": {"seconds"}}


def leaves(error: type[VotingError]) -> list[type[VotingError]]:
    return [leaf for child in error.__subclasses__() for leaf in (child, *leaves(child))]


def test_every_error_has_a_word_of_its_own() -> None:
    words = [error.code for error in leaves(VotingError)]
    assert len(words) == len(set(words))
    for error in leaves(VotingError):
        assert error.__doc__
        assert re.fullmatch("[a-z_]+", error.code)


def test_every_error_that_the_table_does_not_name_is_a_commands_own() -> None:
    assert {error.code for error in leaves(VotingError)} - {error.code for error in STATUS} == {
        "audit_broken",
        "log_broken",
        "proof_invalid",
        "second_person_needed",
        "not_certifiable",
        "setting_invalid",
        "engines_unavailable",
        "schema_unfit",
    }


def test_every_route_declares_its_limit_or_is_an_exception_with_a_reason() -> None:
    kinds = {None, READS["flood_limit"], WRITES["flood_limit"]}
    assert {handler.opt.get("flood_limit") for handler in HANDLERS} == kinds
    declared = {path for handler in HANDLERS if "flood_limit" in handler.opt for path in handler.paths}
    others = {path for handler in HANDLERS if "flood_limit" not in handler.opt for path in handler.paths}
    assert others == EXCEPTIONS.keys()
    assert all(EXCEPTIONS.values())
    assert declared.isdisjoint(others)


def test_every_route_declares_who_may_ask() -> None:
    """A role, an account of its own, or the public; the role matrix of tests/web/test_access.py checks each."""
    app = create_app(lambda: nullcontext(cast(Services, None)), WebOptions(wechat_verify_files=("MP_verify_x.txt",)))
    undeclared = set()
    for route in cast(Any, app)._app.routes:
        for handler in route.route_handlers:
            access = handler.opt.get("access")
            is_declared = access in ("public", "account") or (isinstance(access, frozenset) and access <= set(ROLES))
            if not access or not is_declared:
                undeclared.add((route.path, *sorted(handler.http_methods)))
    # The framework's own: the description of the API, and the methods of an address.
    own = {entry for entry in undeclared if entry[0].startswith("/api/v1/schema") or entry[1:] == ("OPTIONS",)}
    assert undeclared == own


def test_the_application_is_put_together_without_a_warning() -> None:
    """Warnings are errors in tests: they announce what the framework will drop."""
    assert create_app(lambda: nullcontext(cast(Services, None)), WebOptions())
