"""The services of docker-compose.yml together: one dataset from the first sign-in to the unpacked export."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import threading
import time
import uuid
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests import images
from tests.topology import WEBSITES, Topology, missing, running

NAME, PASSWORD = "ada", "correct horse battery"
CHUNK = 4 * 1024 * 1024


@pytest.fixture
def topology() -> Iterator[Topology]:
    """Every service, running."""
    if absent := missing():
        words = f"The topology needs {' and '.join(absent)}."
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(words)
        pytest.skip(words)
    with running({"METRICS": "true"}) as started:
        yield started


def browser(topology: Topology) -> httpx.Client:
    """A client that goes through the proxy and nowhere else."""
    return httpx.Client(base_url=topology.address, trust_env=False, timeout=60)


def checked(answer: httpx.Response, status: int = 200) -> httpx.Response:
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text[:2000]}"
    return answer


def open_socket(topology: Topology, path: str, cookies: str = "", origin: str | None = None) -> ClientConnection:
    return connect(
        topology.address.replace("http:", "ws:") + path,
        origin=Origin(origin or topology.address),
        additional_headers={"Cookie": cookies} if cookies else None,
        proxy=None,
        open_timeout=20,
    )


def cookie_header(client: httpx.Client) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)


def hidden_token(page: httpx.Response) -> dict[str, str]:
    """What a form sends along unseen."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found is not None
    return {"csrfmiddlewaretoken": found[1]}


def sign_in(topology: Topology) -> httpx.Client:
    """Make the first account as docs/deployment.md says, and sign in as a browser does."""
    made = topology.run("web", ["python", "manage.py", "first_link", "--address", topology.address])
    assert made.returncode == 0, made.stderr
    with browser(topology) as first:
        page = checked(first.get(made.stdout.strip(), follow_redirects=True))
        form = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD} | hidden_token(page)
        checked(first.post(str(page.url), data=form, headers={"Origin": topology.address}), 302)
    client = browser(topology)
    form = {"login": NAME, "password": PASSWORD} | hidden_token(checked(client.get("/login/")))
    checked(client.post("/login/", data=form, headers={"Origin": topology.address}), 302)
    client.headers.update({"X-CSRFToken": client.cookies["csrftoken"], "Origin": topology.address})
    return client


def drawn_pictures() -> dict[str, bytes]:
    """Three pictures; one of them is noise, which no format makes small, so that it takes two chunks."""
    noise = io.BytesIO()
    Image.frombytes("RGB", (1400, 1200), os.urandom(1400 * 1200 * 3)).save(noise, "PNG", compress_level=1)
    assert CHUNK < len(noise.getvalue()) < 2 * CHUNK
    return {
        "one.jpg": images.encoded(seed=1),
        "two words.webp": images.encoded("WEBP", seed=2),
        "é.png": noise.getvalue(),
    }


def upload(client: httpx.Client, job: int, pictures: dict[str, bytes]) -> None:
    """Announce all, send each in chunks, seal."""
    files = [{"name": name, "folder": "", "size": len(content)} for name, content in pictures.items()]
    items = checked(client.post(f"/api/v1/imports/{job}/items", json={"files": files})).json()["items"]
    for item in items:
        content, received = pictures[item["name"]], 0
        while received < len(content):
            answer = client.put(
                f"/api/v1/imports/{job}/items/{item['id']}/content",
                params={"offset": received},
                content=content[received : received + CHUNK],
                headers={"Content-Type": "application/octet-stream"},
            )
            received = checked(answer).json()["received"]
    checked(client.post(f"/api/v1/imports/{job}/seal"))


def follow(socket: ClientConnection) -> list[dict[str, Any]]:
    """Every message until the import is done."""
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["state"] != "DONE":
        message = json.loads(socket.recv(timeout=60))
        assert message["type"] == "import.progress"
        heard.append(message["data"])
    return heard


def see_the_pictures(
    topology: Topology, client: httpx.Client, rows: list[dict[str, Any]], sent: dict[str, bytes]
) -> None:
    """Thumbnails and originals come from the proxy's disk, with the headers that keep them harmless."""
    for row in rows:
        full = checked(client.get(f"/api/v1/images/{row['id']}")).json()
        for address in (row["thumbnail"], full["preview"], full["original"]):
            answer = checked(client.get(address))
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.headers["Cache-Control"].startswith("private")
            assert "X-Accel-Redirect" not in answer.headers
        assert answer.content == sent[row["name"]]
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert Image.open(io.BytesIO(client.get(row["thumbnail"]).content)).format == "WEBP"
    # Past the proxy: the program itself sends no byte of a picture.
    past = httpx.get(
        f"http://127.0.0.1:{topology.ports['web']}{rows[0]['thumbnail']}",
        headers={"Cookie": cookie_header(client)},
        trust_env=False,
    )
    assert past.headers["X-Accel-Redirect"].startswith("/_stored/blobs/")
    assert past.content == b""
    checked(client.get(past.headers["X-Accel-Redirect"]), 404)


def strangers_stay_out(topology: Topology, job: int, picture: str) -> None:
    """Without a login there is no page, no file, no API call and no socket; nor by a side door."""
    with browser(topology) as stranger:
        for address in ("/", picture, f"/imports/{job}/"):
            answer = checked(stranger.get(address), 302)
            assert answer.headers["Location"].startswith("/login/")
        checked(stranger.get("/api/v1/datasets"), 401)
        chunk = f"/api/v1/imports/{job}/items/1/content"
        checked(stranger.put(chunk, content=b"x"), 403)
        checked(stranger.get("/login/"))
        token = {"X-CSRFToken": stranger.cookies["csrftoken"], "Origin": topology.address}
        checked(stranger.put(chunk, content=b"x", headers=token), 401)
        checked(stranger.get("/_stored/blobs/"), 404)
        checked(stranger.get("/_stored/exports/"), 404)
        checked(stranger.get("/static/%2e%2e/blobs/"), 404)
        checked(stranger.get("/login/", headers={"Host": "evil.example"}), 400)
    with pytest.raises(InvalidStatus) as refused:
        open_socket(topology, f"/ws/imports/{job}/")
    assert refused.value.response.status_code == 403


def an_invented_address_counts_for_nothing(topology: Topology) -> None:
    """Who writes another address into each request is counted as the one who called the proxy, by every website."""
    with browser(topology) as guesser:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', checked(guesser.get("/login/")).text)
        assert token is not None
        form = {"login": "somebody", "password": "a wrong one", "csrfmiddlewaretoken": token[1]}
        statuses = []
        for number in range(6):
            headers = {"Origin": topology.address, "X-Forwarded-For": f"203.0.113.{number}"}
            statuses.append(guesser.post("/login/", data=form, headers=headers).status_code)
        assert statuses == [200] * 5 + [429]


def limits_hold(topology: Topology, client: httpx.Client, job: int) -> None:
    """Bodies over the limit end at the proxy with a sentence, told sizes and untold ones alike."""
    address = f"/api/v1/imports/{job}/items/1/content"
    block = bytes(64 * 1024)
    for content in (bytes(CHUNK + 512 * 1024), (block for _ in range(80))):
        answer = checked(client.put(address, content=content), 413)
        assert "4 MiB" in answer.json()["detail"]
        assert answer.headers["Content-Type"] == "application/problem+json"
    checked(client.post("/login/", content=bytes(2 * 1024 * 1024)), 413)
    with pytest.raises(InvalidStatus) as refused:
        open_socket(topology, f"/ws/imports/{job}/", cookie_header(client), "https://evil.example")
    assert refused.value.response.status_code == 403


def static_files_last(client: httpx.Client) -> None:
    """Hashed names may be kept for ever; scripts are called scripts."""
    page = checked(client.get("/")).text
    found = re.findall(r'"(/static/[^"]+\.(?:css|js))"', page)
    assert found
    for address in found:
        answer = checked(client.get(address))
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"].split(";")[0] in {"text/css", "text/javascript", "application/javascript"}
    manifest = checked(client.get("/static/staticfiles.json"))
    assert "immutable" not in manifest.headers["Cache-Control"]
    modules = [path for path in manifest.json()["paths"].values() if path.endswith(".mjs")]
    for path in modules:
        assert checked(client.get(f"/static/{path}")).headers["Content-Type"].startswith("text/javascript")


def export(topology: Topology, client: httpx.Client, dataset: int) -> zipfile.ZipFile:
    body = {"key": str(uuid.uuid4()), "options": {"profile": "plain"}}
    job = checked(client.post(f"/api/v1/datasets/{dataset}/exports", json=body), 202).json()["id"]
    end = time.monotonic() + 60
    while (told := checked(client.get(f"/api/v1/exports/{job}")).json())["state"] != "DONE":
        assert time.monotonic() < end, told
        time.sleep(0.2)
    address = told["archives"][0]["address"]
    answer = checked(client.get(address))
    # The proxy itself sends it, and parts of it.
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    part = checked(client.get(address, headers={"Range": "bytes=5-9", "If-Range": answer.headers["ETag"]}), 206)
    assert part.content == answer.content[5:10]
    checked(client.get(address, headers={"Range": "bytes=5-9", "If-Range": '"of another"'}), 200)
    checked(client.get(address, headers={"Range": f"bytes={len(answer.content)}-"}), 416)
    with browser(topology) as stranger:
        checked(stranger.get(address), 302)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def website_restarts_unseen(topology: Topology, client: httpx.Client, image: int) -> None:
    """People go on reading and saving while each website ends and starts anew, one after the other: nothing fails."""
    stop, answers = threading.Event(), list[int]()

    def work() -> None:
        with browser(topology) as own:
            own.cookies.update(client.cookies)
            own.headers.update(client.headers)
            while not stop.is_set():
                answers.append(own.get(f"/api/v1/images/{image}").status_code)
                answers.append(own.get("/").status_code)
                edit = {"key": str(uuid.uuid4()), "kind": "add", "tag": "seen", "before": None}
                answers.append(own.post(f"/api/v1/images/{image}/edits", json={"operations": [edit]}).status_code)
                edit |= {"key": str(uuid.uuid4()), "kind": "remove"}
                answers.append(own.post(f"/api/v1/images/{image}/edits", json={"operations": [edit]}).status_code)

    people = [threading.Thread(target=work) for _ in range(3)]
    for person in people:
        person.start()
    try:
        for name in WEBSITES:
            before = len(answers)
            topology.restart(name)
            assert len(answers) > before, "somebody worked meanwhile"
    finally:
        stop.set()
        for person in people:
            person.join()
    assert set(answers) == {200}, Counter(answers)


def requests_are_followed(topology: Topology, client: httpx.Client) -> None:
    """Every answer has a number, which stands in the lines of the proxy, of the website and of the tasks it led to."""
    forged = "forged-request-id-0001"
    answer = checked(client.get("/api/v1/datasets?secret=planted", headers={"X-Request-ID": forged}))
    number = answer.headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", number), "the proxy's own, not a browser's"
    logs = {path.stem: path.read_text(errors="replace") for path in (topology.folder / "logs").glob("*.log")}
    assert number in logs["proxy"]
    assert number in "".join(logs[name] for name in WEBSITES)
    assert "planted" not in "".join(logs.values()), "a query is nothing for a log"
    assert forged not in "".join(logs.values())
    lines = [json.loads(line) for line in logs["worker"].splitlines() if line.startswith("{")]
    assert all("timestamp" in line and "level" in line for line in lines)
    assert any("task_id" in line and line.get("request_id", "") in logs["proxy"] for line in lines), logs["worker"]


def numbers_are_told_inside_only(topology: Topology, client: httpx.Client) -> None:
    """Prometheus, which asks the containers, hears of all processes; through the proxy there is nothing."""
    for path in ("/metrics", "/metrics/", "/metrics/state", f"{topology.address}//metrics", "/%6detrics"):
        assert client.get(path).status_code == 404

    def told(name: str, path: str) -> str:
        # By an address that is no allowed name, as Prometheus asks.
        headers = {"Host": "web:8000"}
        return httpx.get(f"http://127.0.0.1:{topology.ports[name]}{path}", headers=headers, trust_env=False).text

    processes = told("web", "/metrics")
    labels = r'code="200",method="POST",route="api/v1/images[^"]*edits"'
    saves = re.search(rf"tagger_requests_total\{{{labels}\}} (\d+)", processes)
    assert saves is not None
    assert int(float(saves[1])) >= 1
    assert told("web-2", "/metrics").count("tagger_request_seconds_count") == processes.count(
        "tagger_request_seconds_count"
    ), "each knows of the other: they lie side by side here"
    state = told("sockets", "/metrics/state")
    for line in ('tagger_answers{part="database"} 1.0', 'tagger_answers{part="broker"} 1.0'):
        assert line in state
    assert 'tagger_queue_messages{queue="pictures"} 0.0' in state
    assert 'tagger_import_files{state="processing"} 0.0' in state
    age = re.search(r'tagger_worker_pulse_age_seconds\{worker="celery@[^"]+"\} ([0-9.]+)', state)
    assert age is not None
    assert float(age[1]) < 60
    past_a_proxy = httpx.get(
        f"http://127.0.0.1:{topology.ports['web']}/metrics", headers={"X-Forwarded-For": "192.0.2.1"}, trust_env=False
    )
    assert past_a_proxy.status_code in {400, 404}


def health_checks_tell_the_truth(topology: Topology) -> None:
    """Alive is healthy and gone is not, by the very checks that Docker runs."""
    schedule = str(topology.folder / "celerybeat-schedule")
    program = f"""
import pathlib, sys
from deploy import healthcheck
healthcheck.BEAT_SCHEDULE = pathlib.Path({schedule!r})
sys.exit(healthcheck.main(["beat"]))
"""
    assert topology.run("beat", [sys.executable, "-c", program]).returncode == 0
    assert topology.run("beat", [sys.executable, "-c", program.replace("-schedule", "-nothing")]).returncode == 1
    for name in (*topology.ports, "worker"):
        assert topology.healthy(name)
        topology.processes[name].terminate()
        topology.processes[name].wait(30)
        assert not topology.healthy(name)


def backed_up(topology: Topology) -> str:
    """Make a backup as docs/deployment.md says, while everything runs; beside that nothing is restored."""
    folder = str(topology.folder / "backup")
    made = topology.run("web", ["python", "manage.py", "backup", folder])
    assert made.returncode == 0, made.stderr
    refused = topology.run("web", ["python", "manage.py", "restore", folder, "--replace"])
    assert refused.returncode == 1
    assert "Stop web, sockets, worker and beat" in refused.stderr
    return folder


def a_backup_is_restored(topology: Topology, folder: str) -> None:
    """With those four stopped it is; the database and the broker run on."""
    topology.processes["beat"].terminate()
    topology.processes["beat"].wait(30)
    restored = topology.run("web", ["python", "manage.py", "restore", folder, "--replace"])
    assert restored.returncode == 0, restored.stderr
    whole = topology.run("web", ["python", "manage.py", "verify"])
    assert whole.returncode == 0, whole.stdout + whole.stderr


@pytest.mark.flow
@pytest.mark.timeout(600)
def test_the_topology_carries_the_main_job(topology: Topology) -> None:
    client = sign_in(topology)
    assert set(checked(client.get("/readyz")).json().values()) == {"ok"}
    body = {"name": "Lighthouses", "file_prefix": "light", "trigger_word": "lghths"}
    dataset = checked(client.post("/api/v1/datasets", json=body), 201).json()["id"]
    job = checked(client.post(f"/api/v1/datasets/{dataset}/imports"), 201).json()["id"]

    pictures = drawn_pictures()
    with open_socket(topology, f"/ws/imports/{job}/", cookie_header(client)) as socket:
        upload(client, job, pictures)
        heard = follow(socket)
    assert heard[0]["total"] == 0
    assert (heard[-1]["total"], heard[-1]["ready"], heard[-1]["failed"]) == (3, 3, 0)

    rows = checked(client.get(f"/api/v1/datasets/{dataset}/images")).json()["images"]
    assert [row["name"] for row in rows] == list(pictures)
    see_the_pictures(topology, client, rows, pictures)
    strangers_stay_out(topology, job, rows[0]["thumbnail"])
    limits_hold(topology, client, job)
    an_invented_address_counts_for_nothing(topology)
    static_files_last(client)

    edit = {"operations": [{"key": str(uuid.uuid4()), "kind": "add", "tag": "red stripes", "before": None}]}
    state = checked(client.post(f"/api/v1/images/{rows[0]['id']}/edits", json=edit)).json()
    assert [tag["name"] for tag in state["tags"]] == ["red stripes"]

    website_restarts_unseen(topology, client, rows[0]["id"])
    requests_are_followed(topology, client)
    numbers_are_told_inside_only(topology, client)

    archive = export(topology, client, dataset)
    names = {entry.rsplit("/", 1)[-1]: entry for entry in archive.namelist()}
    assert {"light-0001.jpg", "light-0001.txt", "light-0002.webp", "light-0003.png", "tags.txt"} <= set(names)
    assert archive.read(names["light-0001.txt"]).decode().strip() == "lghths, red stripes"
    for name, content in zip(("light-0001.jpg", "light-0002.webp", "light-0003.png"), pictures.values(), strict=True):
        assert archive.read(names[name]) == content
    backup = backed_up(topology)
    health_checks_tell_the_truth(topology)
    # A website that is away answers the page and the API in words, and the proxy stays up.
    assert checked(client.get("/"), 503).text.startswith("The server does not answer")
    away = checked(client.get("/api/v1/datasets"), 503)
    assert (away.headers["Content-Type"], away.json()["status"]) == ("application/problem+json", 503)
    checked(client.get("/-/proxy"), 204)
    a_backup_is_restored(topology, backup)
