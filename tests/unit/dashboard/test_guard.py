"""Who gets in, and what every answer carries."""

from __future__ import annotations

import pytest

from alertmill.dashboard.guard import COOKIE, LONGEST_QUERY, Access
from unit.dashboard.homes import alert, desk, request

TOKEN = "a-token-of-twenty-characters"


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory):
    """Asks a dashboard with some access over the same home."""
    folder = tmp_path_factory.mktemp("home")
    with desk(folder, [alert()]) as made:

        def ask(access: Access, address: str = "/api/status", **options):
            made.dashboard.access = access
            return request(made.dashboard.application(), address, **options)

        yield ask


LOOPBACK = Access()
WITH_TOKEN = Access(loopback=False, names=frozenset({"siem.example"}), token=TOKEN)
BEHIND_PROXY = Access(names=frozenset({"siem.example"}), proxy_header="x-user", proxies=frozenset({"127.0.0.1"}))


@pytest.mark.parametrize(
    ("access", "host", "status"),
    [
        (LOOPBACK, "127.0.0.1:8055", 200),
        (LOOPBACK, "localhost", 200),
        (LOOPBACK, "LOCALHOST:8055", 200),
        (LOOPBACK, "[::1]:8055", 200),
        (LOOPBACK, "evil.example", 421),
        (LOOPBACK, "127.0.0.1.evil.example", 421),
        (LOOPBACK, "10.0.0.5:8055", 421),
        (LOOPBACK, "", 421),
        (Access(names=frozenset({"box.example"})), "box.example:8055", 200),
        (WITH_TOKEN, "evil.example", 421),
        (WITH_TOKEN, "siem.example", 401),
        (WITH_TOKEN, "10.0.0.5", 401),
    ],
)
def test_only_names_that_are_meant_are_served(homes, access: Access, host: str, status: int) -> None:
    assert homes(access, headers={"host": host}).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
        ({"authorization": f"bearer  {TOKEN}"}, 200),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"cookie": f"{COOKIE}=guessed"}, 401),
        ({"cookie": "\x01=;;"}, 401),
        ({"x-user": "me"}, 401),
    ],
)
def test_a_token_is_asked_for(homes, headers: dict, status: int) -> None:
    assert homes(WITH_TOKEN, headers=headers | {"host": "siem.example"}).status == status


@pytest.mark.parametrize("path", ["/", "/api/overview", "/api/live", "/static/app.js", "/alert/x"])
def test_nothing_but_the_login_page_is_open(homes, path: str) -> None:
    assert homes(WITH_TOKEN, path, headers={"host": "siem.example"}).status == 401
    assert homes(WITH_TOKEN, "/login", headers={"host": "siem.example"}).status == 200


def test_a_browser_logs_in_with_a_form(homes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.dashboard.app._WRONG", 0.0)
    host = {"host": "siem.example"}
    page = homes(WITH_TOKEN, "/", headers=host | {"accept": "text/html"})
    assert (page.status, page.headers["location"]) == (303, "/login")
    wrong = homes(WITH_TOKEN, "/login", method="POST", headers=host, body=b"token=nope")
    assert wrong.headers["location"] == "/login?wrong=1"
    assert "set-cookie" not in wrong.headers
    right = homes(WITH_TOKEN, "/login", method="POST", headers=host, body=f"token={TOKEN}".encode())
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    session = cookie.partition(";")[0]
    assert homes(WITH_TOKEN, "/", headers=host | {"cookie": session}).status == 200
    too_long = homes(WITH_TOKEN, "/login", method="POST", headers=host, body=b"x" * 5000)
    assert too_long.status == 413


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {"x-user": "me"}, 200),
        ("127.0.0.1", {}, 401),
        ("127.0.0.1", {"x-user": ""}, 401),
        ("10.0.0.9", {"x-user": "me"}, 401),
        ("10.0.0.9", {"x-user": "me", "x-forwarded-for": "127.0.0.1"}, 401),
    ],
)
def test_a_header_counts_from_the_proxy_alone(homes, client: str, headers: dict, status: int) -> None:
    assert homes(BEHIND_PROXY, headers=headers | {"host": "siem.example"}, client=client).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(homes, method: str) -> None:
    assert homes(LOOPBACK, "/api/overview", method=method).status == 405
    assert homes(LOOPBACK, "/", method=method).status == 405


def test_other_sites_pages_get_nothing(homes) -> None:
    asked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    assert homes(LOOPBACK, headers=asked).status == 403
    assert homes(LOOPBACK, "/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).status == 200


def test_long_addresses_are_refused(homes) -> None:
    assert homes(LOOPBACK, "/api/overview?q=" + "x" * LONGEST_QUERY).status == 414


@pytest.mark.parametrize(
    "path",
    ["/", "/api/status", "/api/overview?rule=x", "/static/app.js", "/nothing", "/static/../app.py", "/api/alert/x"],
)
def test_every_answer_carries_the_policy(homes, path: str) -> None:
    headers = homes(LOOPBACK, path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert "access-control-allow-origin" not in headers


def test_files_are_those_of_the_page(homes) -> None:
    assert homes(LOOPBACK, "/static/app.js").status == 200
    for name in ("nothing.js", "..%2fapp.py", "%2e%2e", "__init__.py"):
        assert homes(LOOPBACK, f"/static/{name}").status == 404


def test_a_copy_that_is_still_good_is_not_sent_again(homes) -> None:
    first = homes(LOOPBACK, "/static/style.css")
    again = homes(LOOPBACK, "/static/style.css", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    packed = homes(LOOPBACK, "/static/style.css", headers={"accept-encoding": "gzip"})
    import gzip

    assert gzip.decompress(packed.body) == first.body


def test_a_failure_of_ours_shows_no_traceback(homes, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("alertmill.dashboard.app.overview", broken)
    reply = homes(LOOPBACK, "/api/overview?user=nobody")
    assert reply.status == 500
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body
    assert "content-security-policy" in reply.headers


def test_the_token_is_in_no_representation() -> None:
    assert TOKEN not in repr(WITH_TOKEN)
