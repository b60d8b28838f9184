"""The home that a command works on, or one line that says what is wrong with it."""

from __future__ import annotations

from alertmill.cli import Context
from alertmill.errors import AlertmillError
from alertmill.installation import Installation


class HomeError(AlertmillError):
    """The folder is no home, or may not be entered."""


def home_of(context: Context) -> Installation:
    """The home that --home, $ALERTMILL_HOME or the default names. Raises HomeError."""
    installation = Installation(context.home)
    try:
        installation.ossec_conf.stat()
    except (FileNotFoundError, NotADirectoryError):
        what = (
            f"{context.home} is no home (no etc/ossec.conf)" if context.home.exists() else f"{context.home} is missing"
        )
        raise HomeError(f"{what}; `alertmill init` makes a home, --home names another one") from None
    except OSError as error:
        raise HomeError(f"{installation.ossec_conf}: {error.strerror}") from None
    return installation
