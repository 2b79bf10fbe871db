"""Signing in to the running program, with its real cache; the first account; open mode on other addresses."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.program import RunningProgram

PASSWORD = "a long enough one 7"


def browser(program: RunningProgram) -> httpx.Client:
    return httpx.Client(base_url=program.url, trust_env=False, timeout=30)


def token(client: httpx.Client, address: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(address, follow_redirects=True).text)
    assert found is not None
    return found[1]


def opened(program: RunningProgram, link: str) -> tuple[httpx.Client, str]:
    """A browser with the form of the first account before it."""
    client = browser(program)
    return client, token(client, link)


def make_account(client: httpx.Client, token: str, name: str) -> int:
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD, "csrfmiddlewaretoken": token}
    return client.post("/first/", data=form).status_code


def sign_in(program: RunningProgram, name: str, password: str) -> httpx.Response:
    client = browser(program)
    form = {"login": name, "password": password, "csrfmiddlewaretoken": token(client, "/login/")}
    return client.post("/login/", data=form)


def test_the_first_link_makes_one_account_however_many_hurry_and_guesses_end(tmp_path: Path) -> None:
    with RunningProgram(tmp_path / "data", env={"AUTH_MODE": "password"}) as program:
        program.wait_for_output("/first/?key=")
        found = re.search(r"http\S+/first/\?key=\S+", program.output)
        assert found is not None
        link = found[0]
        kept = program.data_dir / "run" / "first-account.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        secret = link.partition("key=")[2]
        assert secret not in kept.read_text()
        assert browser(program).get("/first/?key=invented", follow_redirects=True).status_code == 410

        # All have the form before them: who opens the link after the account is there finds none.
        forms = [opened(program, link) for _ in range(4)]
        with ThreadPoolExecutor(4) as hands:
            made = list(hands.map(lambda number: make_account(*forms[number], f"ada{number}"), range(4)))
        assert sorted(made) == [302, 410, 410, 410]
        assert not kept.exists()
        winner = made.index(302)
        assert forms[winner][0].get("/admin/").status_code == 200
        assert browser(program).get(link, follow_redirects=True).status_code == 410
        for number in range(4):
            expected = 302 if number == winner else 200
            assert sign_in(program, f"ada{number}", PASSWORD).status_code == expected

        statuses = [sign_in(program, f"ada{winner}", "wrong").status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        answer = sign_in(program, f"ada{winner}", PASSWORD)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 800
        assert secret not in program.output.replace(link, "") + program.logs()

    with RunningProgram(tmp_path / "data", env={"AUTH_MODE": "password"}) as again:
        assert "/first/" not in again.output


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        (["--host", "0.0.0.0"], {}, "--open-to-network"),
        ([], {"ALLOWED_HOSTS": "tagger.example"}, "OPEN_TO_NETWORK=true"),
    ],
)
def test_open_mode_on_another_address_is_refused_without_the_flag(
    tmp_path: Path, arguments: list[str], env: dict[str, str], said: str
) -> None:
    program = RunningProgram(tmp_path / "data", *arguments, env=env).launch()
    assert program.wait(60) != 0
    assert said in program.output


def test_with_the_flag_it_serves_and_still_refuses_foreign_hosts_and_origins(tmp_path: Path) -> None:
    with (
        RunningProgram(tmp_path / "data", "--host", "0.0.0.0", "--open-to-network") as program,
        browser(program) as client,
    ):
        assert client.get("/").status_code == 200
        assert client.get("/", headers={"Origin": program.url}).status_code == 200
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1", program.url.replace("http", "https")):
            assert client.get("/api/v1/datasets", headers={"Origin": origin}).status_code == 400
            assert client.post("/api/v1/datasets", json={"name": "x"}, headers={"Origin": origin}).status_code == 400
