"""The services of docker-compose.yml from this machine's own packages: same commands, same proxy, other addresses."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import redis

from tagger_project.supervisor.children import start_tied
from tests.compose_file import NGINX_FILE, command_of, environment_of, lay_out_image, load_compose, own_services
from tests.servers import find_postgres, find_redis, free_port, postgres_server

VALUES = {
    "POSTGRES_PASSWORD": "database0secret",
    "BROKER_PASSWORD": "broker0secret",
    "SECRET_KEY": "topology" + "0" * 50,
    "ALLOWED_HOSTS": "127.0.0.1",
    "WORKERS": "1",
}
# The two that docker-compose.yml starts of its service `web`.
WEBSITES = ("web", "web-2")
START_SECONDS = 120.0
STOP_SECONDS = 20.0


class DidNotStart(Exception):
    """A process ended, or did not answer in time; the text holds the end of its log."""


def find_nginx() -> str | None:
    """The proxy's program; Debian keeps it where only root looks."""
    return shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"]))


def missing() -> list[str]:
    """What the topology needs and this machine lacks."""
    found = {"PostgreSQL": find_postgres(), "Redis or Valkey": find_redis(), "nginx": find_nginx()}
    return [name for name, program in found.items() if program is None]


def replace_all(text: str, replacements: dict[str, str]) -> str:
    """Replace each key; a key that is not there means that this file and the real one have drifted apart."""
    for old, new in replacements.items():
        if old not in text:
            raise KeyError(old)
        text = text.replace(old, new)
    return text


def service_of(name: str) -> str:
    """The service that a process is one of: `web-2` is the second of `web`."""
    return name.partition("-")[0]


class Topology:
    """All services, each a process of this machine; the program's own run from what the image holds.

    Attributes:
        folder: everything lies below it.
        port: the proxy's.
        ports: of each website (`web`, `web-2`) and of the sockets, past the proxy.
    """

    def __init__(self, folder: Path, database_url: str, values: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.values = dict(values or {})
        self.compose = load_compose()
        self.port, self.broker_port = free_port(), free_port()
        self.ports = {name: free_port() for name in (*WEBSITES, "sockets")}
        self.database = database_url.partition("@")[2].partition("/")[0]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("app", "data", "spool", "logs", "broker", "home"):
            (folder / name).mkdir()
        lay_out_image(folder / "app")

    @property
    def address(self) -> str:
        """Where a browser goes."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, name: str) -> dict[str, str]:
        """What a service, or one of its several, finds in its environment, and nothing of this machine's."""
        given = environment_of(self.compose, service_of(name), {**VALUES, **self.values})
        given["DATA_DIR"] = replace_all(given["DATA_DIR"], {"/data": str(self.folder / "data")})
        given["DATABASE_URL"] = replace_all(given["DATABASE_URL"], {"@db:5432": f"@{self.database}"})
        given["REDIS_URL"] = replace_all(given["REDIS_URL"], {"@broker:6379": f"@127.0.0.1:{self.broker_port}"})
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
        return {**given, "PATH": path, "PORT": str(self.ports.get(name, 0)), "HOME": str(self.folder / "home")}

    def command(self, name: str) -> list[str]:
        """The service's own command, with this machine's addresses."""
        here = {}
        if name in self.ports:
            here = {"0.0.0.0": "127.0.0.1", "8000": str(self.ports[name])}
        elif name == "beat":
            here = {"/tmp/celerybeat-schedule": str(self.folder / "celerybeat-schedule")}
        words = command_of(self.compose, service_of(name), {**VALUES, **self.values})
        return replace_all("\0".join(words), here).split("\0")

    def run(self, service: str, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """`docker compose run --rm SERVICE COMMAND`."""
        return subprocess.run(
            command,
            cwd=self.folder / "app",
            env={**self.environment(service), **environment},
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )

    def start(self, name: str, command: list[str]) -> None:
        """Start a process that runs on, with a log of its own."""
        own = service_of(name) in own_services(self.compose)
        env = self.environment(name) if own else {"PATH": os.environ["PATH"]}
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            self.processes[name] = start_tied(command, env=env, cwd=self.folder / "app", stdout=log.fileno())

    def start_broker(self) -> None:
        """Redis or Valkey, whichever is here, with the command line of the `broker` service."""
        words = command_of(self.compose, "broker", VALUES)
        where = ["--bind", "127.0.0.1", "--port", str(self.broker_port), "--dir", str(self.folder / "broker")]
        self.start("broker", [str(find_redis()), *words[1:], *where])
        with redis.Redis(port=self.broker_port, password=VALUES["BROKER_PASSWORD"]) as client:
            self.wait("broker", client.ping)

    def start_proxy(self) -> None:
        """The `proxy` service: nginx with the real configuration, other addresses put in."""
        websites = " ".join(f"server 127.0.0.1:{self.ports[name]} max_fails=0;" for name in WEBSITES)
        text = replace_all(
            NGINX_FILE.read_text(encoding="utf-8"),
            {
                "listen 8080;": f"listen 127.0.0.1:{self.port};",
                # Docker's name server tells every address of a service; here a list does.
                "server {\n        listen": f"upstream websites {{ {websites} }}\n    server {{\n        listen",
                "http://web:8000": "http://websites",
                "http://sockets:8000": f"http://127.0.0.1:{self.ports['sockets']}",
                "/data/": f"{self.folder}/data/",
                "/spool/": f"{self.folder}/spool/",
                "/tmp/nginx.pid": f"{self.folder}/nginx.pid",
            },
        )
        config = self.folder / "nginx.conf"
        config.write_text(text, encoding="utf-8")
        # As root nginx hands its work to another account, which may not look into this folder.
        more = " user root;" if os.geteuid() == 0 else ""
        self.start("proxy", [str(find_nginx()), "-p", str(self.folder), "-c", str(config), "-g", f"daemon off;{more}"])
        self.wait("proxy", self._proxy_listens)

    def _proxy_listens(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def wait(self, name: str, ready: Callable[[], object]) -> None:
        """Wait until a started process answers.

        Raises:
            DidNotStart: it ended, or took too long.
        """
        end = time.monotonic() + START_SECONDS
        last: Exception | None = None
        while time.monotonic() < end and self.processes[name].poll() is None:
            try:
                if ready():
                    return
            except Exception as error:
                last = error
            time.sleep(0.1)
        raise DidNotStart(f"{name}: {self.processes[name].poll()} {last}\n{self.log(name)}")

    def log(self, name: str) -> str:
        """The end of a process's log."""
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")[-4000:]

    def start_all(self) -> None:
        """Everything in the order of `depends_on`, each waited for by its own health check."""
        self.start_broker()
        migrated = self.run("migrate", self.command("migrate"))
        if migrated.returncode != 0:
            raise DidNotStart(f"migrate ended with {migrated.returncode}.\n{migrated.stderr[-4000:]}")
        for name in (*self.ports, "worker", "beat"):
            self.start(name, self.command(name))
        for name in (*self.ports, "worker"):
            self.wait_healthy(name)
        self.start_proxy()

    def wait_healthy(self, name: str) -> None:
        """Wait until a started part of the program is what Docker calls healthy."""
        self.wait(name, lambda: self.healthy(name))

    def restart(self, name: str) -> None:
        """End a part of the program in its own time and start it again, as an upgrade does with each container."""
        self.processes[name].terminate()
        self.processes[name].wait(STOP_SECONDS)
        self.start(name, self.command(name))
        self.wait_healthy(name)

    def healthy(self, name: str) -> bool:
        """What Docker would find out by the service's own health check."""
        command = self.compose["services"][service_of(name)]["healthcheck"]["test"][1:]
        return self.run(name, command).returncode == 0

    def stop(self) -> None:
        """Stop everything, what uses a thing before the thing."""
        for process in reversed(self.processes.values()):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            # The group, for what a process that has to be killed leaves behind.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def running(values: Mapping[str, str] | None = None) -> Iterator[Topology]:
    """The whole topology, started with these variables set; stopped and swept away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tagger-topology-"))
    try:
        with postgres_server() as database_url:
            topology = Topology(folder, database_url, values)
            try:
                topology.start_all()
                yield topology
            finally:
                topology.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
