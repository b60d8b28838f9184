"""`alertmill dashboard`: the read-only web page over the home's alerts, and its panels for OpenSearch Dashboards."""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.errors import AlertmillError

if TYPE_CHECKING:
    from alertmill.dashboard.guard import Access

EXAMPLES = (
    "alertmill --home ./home dashboard                      then open http://127.0.0.1:8055/",
    "alertmill dashboard --export opensearch > panels.ndjson",
)

#: Environment variable that holds the token, for those who do not want a file.
TOKEN_VARIABLE = "ALERTMILL_DASHBOARD_TOKEN"  # noqa: S105  # the name of a variable
#: Modules of the extra `dashboard`.
NEEDED = ("duckdb", "starlette", "uvicorn", "vl_convert")
PORT = 8055
_SHORTEST_TOKEN = 16
#: What to listen on means every address: its family, an address elsewhere (of documentation), and its loopback.
_EVERY_ADDRESS = {
    "0.0.0.0": (socket.AF_INET, "192.0.2.1", "127.0.0.1"),  # noqa: S104  # the user's word, not a default
    "::": (socket.AF_INET6, "2001:db8::1", "::1"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=PORT, help=f"port to listen on (default: {PORT}; 0: any)")
    parser.add_argument(
        "--allow-host", metavar="NAME", action="append", default=[], help="a host name that browsers may ask for"
    )
    parser.add_argument("--token-file", metavar="FILE", help="ask for the token that stands in this file")
    parser.add_argument(
        "--proxy-header", metavar="NAME", default="", help="ask for this header, which a reverse proxy sets"
    )
    parser.add_argument(
        "--proxy", metavar="ADDRESS", action="append", default=[], help="the proxy's address (default: 127.0.0.1, ::1)"
    )
    parser.add_argument("--certificate", metavar="FILE", help="serve HTTPS with this certificate chain (PEM)")
    parser.add_argument("--key", metavar="FILE", help="the certificate's private key (PEM)")
    parser.add_argument(
        "--export", choices=["opensearch"], help="print saved objects with the same panels (NDJSON), and end"
    )


def run(options: argparse.Namespace, context: Context) -> int:
    if options.export:
        from alertmill.dashboard.saved_objects import saved_objects

        context.stdout.write(saved_objects())
        return EXIT_OK
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(
            "alertmill dashboard: needs the extra `dashboard`: pip install 'alertmill[dashboard]'", file=context.stderr
        )
        return EXIT_PROBLEMS
    try:
        access = _access(options)
    except _UsageError as error:
        print(f"alertmill dashboard: {error}", file=context.stderr)
        return EXIT_USAGE
    if not context.home.is_dir():
        print(f"alertmill dashboard: there is no home folder {context.home}; --home names one", file=context.stderr)
        return EXIT_PROBLEMS
    return _serve(options, access, context)


class _UsageError(AlertmillError):
    """Options that do not go together."""


def _access(options: argparse.Namespace) -> Access:
    from alertmill.dashboard.guard import Access

    loopback = options.host == "localhost" or _is_loopback(options.host)
    token = _token(options)
    if not loopback and not token and not options.proxy_header:
        raise _UsageError(
            f"{options.host} can be reached from elsewhere: --token-file FILE (or ${TOKEN_VARIABLE}), or --proxy-header"
        )
    if bool(options.certificate) != bool(options.key):
        raise _UsageError("--certificate and --key go together")
    names = {options.host.lower(), *(name.lower() for name in options.allow_host)}
    proxies = frozenset(options.proxy or ("127.0.0.1", "::1"))
    return Access(loopback, frozenset(names), token, options.proxy_header, proxies)


def _token(options: argparse.Namespace) -> str:
    token = os.environ.get(TOKEN_VARIABLE, "")
    if options.token_file:
        try:
            token = Path(options.token_file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise _UsageError(f"the token file cannot be read: {error}") from error
    if (options.token_file or token) and len(token) < _SHORTEST_TOKEN:
        raise _UsageError(f"a token has at least {_SHORTEST_TOKEN} characters; `openssl rand -hex 32` makes one")
    return token


def _serve(options: argparse.Namespace, access: Access, context: Context) -> int:
    from alertmill.dashboard.server import Binding, listen, serve

    certificate = Path(options.certificate) if options.certificate else None
    binding = Binding(options.host, options.port, certificate, Path(options.key) if options.key else None)

    def say(text: str) -> None:
        print(f"alertmill dashboard: {text}", file=context.stderr, flush=True)

    try:
        listening = listen(binding)
    except OSError as error:
        say(f"cannot listen on {options.host} port {options.port}: {error.strerror}; --port names another")
        return EXIT_PROBLEMS
    name = _name_to_open(options)
    host = f"[{name}]" if ":" in name else name
    print(
        f"The dashboard of {context.home}: {binding.scheme}://{host}:{listening.getsockname()[1]}/", file=context.stdout
    )
    if access.token and not access.loopback and not certificate:
        say("without --certificate the token and the alerts travel in clear: whoever is on the way can read them")
    print("Ctrl-C ends it.", file=context.stdout, flush=True)
    try:
        serve(context.home, listening, binding, access, workers=min(os.cpu_count() or 1, 4), say=say)
    except (AlertmillError, OSError) as error:
        say(str(error))
        return EXIT_PROBLEMS
    except KeyboardInterrupt:
        sys.stdout.flush()
    return EXIT_OK


def _name_to_open(options: argparse.Namespace) -> str:
    """What a browser may ask for: where the dashboard listens on every address, one of them."""
    host: str = options.host
    if host not in _EVERY_ADDRESS:
        return host
    return options.allow_host[0] if options.allow_host else _own_address(*_EVERY_ADDRESS[host])


def _own_address(family: socket.AddressFamily, elsewhere: str, loopback: str) -> str:
    """The address that this machine has towards others. To connect a datagram socket sends nothing."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            return str(probe.getsockname()[0])
    except OSError:  # no network
        return loopback


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number up to 65535")
    return int(text)
