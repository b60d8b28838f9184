"""Which decoders and rules a command works with that needs no home: those of the home that was named, else the shipped.

`--rules` and `--decoders` put a folder in the place of either.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

from alertmill.alerts import AlertFacts
from alertmill.cli import Context
from alertmill.cli.home import home_of
from alertmill.config.models import EventFormat, RulesetPath
from alertmill.engine import Engine
from alertmill.errors import AlertmillError, Problems
from alertmill.installation import shipped_installation


def add_ruleset_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rules", metavar="DIR", help="*.xml of this folder in place of the shipped (or home's) rules")
    parser.add_argument(
        "--decoders", metavar="DIR", help="*.xml of this folder in place of the shipped (or home's) decoders"
    )


class Loaded(NamedTuple):
    """An engine, how it expects AWS messages to be spelled, and what its alerts say of their manager."""

    engine: Engine
    event_format: EventFormat
    facts: AlertFacts


def load_engine(options: argparse.Namespace, context: Context, problems: Problems) -> Loaded:
    """The engine that the options and the home ask for.

    Raises AlertmillError when an option names no folder, and LoadError, which is one, when the ruleset cannot be used.
    """
    replaced: dict[str, tuple[RulesetPath, ...]] = {}
    for member, folder in (("rule_dir", options.rules), ("decoder_dir", options.decoders)):
        if folder and not Path(folder).is_dir():
            raise AlertmillError(f"{folder} is no folder; name one that holds *.xml files")
        if folder:
            replaced[member] = (RulesetPath(path=str(Path(folder).resolve())),)
    if context.home_given:
        installation = home_of(context)
        config = installation.load_config(problems)
    else:
        installation, config = shipped_installation()
    ruleset = config.ruleset.model_copy(update=replaced)
    engine = installation.load_engine(config.model_copy(update={"ruleset": ruleset}), problems)
    return Loaded(engine, config.global_.event_format, installation.alert_facts(config))
