"""`alertmill init DIR`: a new home folder, ready for `alertmill run` once a bucket is filled in."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, Context
from alertmill.cli.text import many, os_error
from alertmill.installation import shipped

EXAMPLES = (
    "alertmill init ./home && alertmill --home ./home check",
    "alertmill init --upgrade ./home        replace the shipped ruleset of an existing home by this version's",
)

#: Folders of a home, as a Wazuh manager lays them out, with their modes.
_FOLDERS = {
    "": 0o750,
    "bin": 0o750,
    "etc": 0o750,
    "etc/rules": 0o750,
    "etc/decoders": 0o750,
    "etc/lists": 0o750,
    "logs": 0o750,
    "logs/alerts": 0o750,
    "queue": 0o750,
    "queue/sockets": 0o750,
    "ruleset": 0o750,
    "var": 0o700,
}

#: What the shipped ruleset consists of: folders below `ruleset/`.
_KINDS = ("rules", "decoders")
#: A file that every version's ruleset has had, and no manager's: the roots of the rule tree.
_FIRST_FILE = "0005-categories_rules.xml"

#: Version of Wazuh that the home answers for to tools that ask (`bin/wazuh-control info`).
_WAZUH_VERSION = "v4.14.7"

_LOGTEST_SHIM = """#!/bin/sh
# So that tools written for Wazuh find the program they drive.
exec {python} -m alertmill --home "$(dirname "$0")/.." logtest "$@"
"""

_CONTROL_SHIM = """#!/bin/sh
# So that tools written for Wazuh learn which version this home is compatible with.
case "$1" in
info)
  printf 'WAZUH_VERSION="{version}"\\nWAZUH_REVISION="alertmill"\\nWAZUH_TYPE="server"\\n' ;;
*)
  echo "usage: $0 info (start and stop the daemon with systemctl)" >&2
  exit 1 ;;
esac
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", nargs="?", help="the folder to make (default: the home folder)")
    parser.add_argument(
        "--upgrade",
        action="store_true",
        help="replace the shipped rules and decoders of a home, but never a Wazuh manager's; nothing else changes",
    )


def run(options: argparse.Namespace, context: Context) -> int:
    home = Path(options.dir) if options.dir else context.home
    configuration = home / "etc" / "ossec.conf"
    if options.upgrade:
        return _upgrade(home, context)
    if configuration.exists():
        return _refuse(context, f"{configuration} exists; --upgrade replaces the shipped ruleset and keeps your files")
    try:
        make_home(home)
    except OSError as error:
        return _refuse(context, os_error(error))
    print(
        f"Made {home}.\n"
        f"Next: name your bucket in {configuration}, then\n"
        f"  alertmill --home {shlex.quote(str(home))} check\n"
        f"  alertmill --home {shlex.quote(str(home))} run",
        file=context.stdout,
    )
    return EXIT_OK


def _upgrade(home: Path, context: Context) -> int:
    if not (home / "etc" / "ossec.conf").exists():
        return _refuse(context, f"{home} is no home yet (no etc/ossec.conf); leave out --upgrade to make one")
    if foreign := _foreign_rules(home):
        return _refuse(context, _not_ours(home, foreign))
    install_ruleset(home)
    print(f"The shipped ruleset of {home} is this version's now; etc/ is as it was.", file=context.stdout)
    return EXIT_OK


def _refuse(context: Context, text: str) -> int:
    print(f"alertmill init: {text}", file=context.stderr)
    return EXIT_PROBLEMS


def _foreign_rules(home: Path) -> list[Path]:
    """The files that an upgrade would replace, if they are not those of an earlier version: a Wazuh manager's, or
    somebody's own. Empty where the ruleset is ours, or there is none.
    """
    ruleset = home / "ruleset"
    if (ruleset / "rules" / _FIRST_FILE).exists():
        return []
    return [path for kind in _KINDS for path in sorted((ruleset / kind).glob("*.xml"))]


def _not_ours(home: Path, found: Sequence[Path]) -> str:
    ruleset = home / "ruleset"
    return (
        f"{ruleset} is not Alertmill's: it holds {many(len(found), 'file')} such as {found[0].relative_to(ruleset)}, "
        "as a Wazuh manager's does, and is left as it is. To keep these rules, there is nothing to upgrade in this "
        f"home; to have Alertmill's in their place, move {ruleset} away and run this again"
    )


def make_home(home: Path) -> None:
    """Make the folders, the shipped ruleset, a commented ossec.conf and the two shims below `home`.

    Files that exist are left alone. Raises OSError.
    """
    for folder, mode in _FOLDERS.items():
        path = home / folder
        if not path.exists():
            path.mkdir(parents=True)
            path.chmod(mode)
    install_ruleset(home)
    template = shipped("etc")
    # ossec.conf last: what is broken off in the middle is no home yet, and can be made again.
    for source in sorted(template.rglob("*"), key=lambda path: (path.name == "ossec.conf", path)):
        target = home / "etc" / source.relative_to(template)
        if source.is_file() and source.suffix != ".service" and not target.exists():
            target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o640)
    _make_shim(home / "bin" / "wazuh-logtest", _LOGTEST_SHIM.format(python=shlex.quote(sys.executable)))
    _make_shim(home / "bin" / "wazuh-control", _CONTROL_SHIM.format(version=_WAZUH_VERSION))


def install_ruleset(home: Path) -> None:
    """Put this version's rules and decoders into `ruleset/` of the home, in place of what is there."""
    for kind in _KINDS:
        folder = home / "ruleset" / kind
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        for old in folder.glob("*.xml"):
            old.unlink()
        for source in sorted(shipped(kind).glob("*.xml")):
            target = folder / source.name
            shutil.copyfile(source, target)
            target.chmod(0o640)


def _make_shim(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o750)
