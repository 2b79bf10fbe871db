"""What docker-compose.yml must keep to. Each check returns sentences about what is wrong: none when all is well."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from django.core.management import get_commands, load_command_class
from gunicorn.config import Config as GunicornConfig
from jsonschema import Draft202012Validator

from deploy.healthcheck import BEAT_SCHEDULE, CHECKS
from tagger_project.env import VARIABLES
from tests.compose_file import NGINX_FILE, PROJECT, VARIABLE, dockerfile_lines, own_services, strings

Compose = Mapping[str, Any]

# deploy/flower.py reads it, before the program does anything.
FLOWER_READS = {"FLOWER_PASSWORD"}
# What somebody asked for by name, to look into the program: on this machine only, and with a way out for its port.
PROFILES = {"prometheus": "metrics", "flower": "flower"}
REQUIRED = {"SECRET_KEY", "POSTGRES_PASSWORD", "BROKER_PASSWORD", "ALLOWED_HOSTS"}
SCHEMA_FILE = PROJECT / "tests" / "data" / "compose-spec" / "compose-spec.json"


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def schema(compose: Compose) -> list[str]:
    """The Compose Specification's schema accepts the file."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(compose)]


def documented() -> dict[str, str]:
    """The table of docs/deployment.md: variable and what holds when it is unset."""
    page = (PROJECT / "docs" / "deployment.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \| ([^|]+) \|", page, re.MULTILINE))


def variables_documented(compose: Compose) -> list[str]:
    """The table explains every variable that the file reads and no other, and is right about what must be set."""
    table = documented()
    used = [match for text in strings(compose) for match in VARIABLE.finditer(text) if match["name"]]
    names = {match["name"] for match in used}
    problems = [f"{name} is explained nowhere." for name in sorted(names - set(table))]
    problems += [f"{name} is explained and never read." for name in sorted(set(table) - names)]
    for match in used:
        told, rest = table.get(match["name"], "").strip("`"), match["rest"]
        if rest.startswith(":?") != (told == "required") or (len(rest) > 2 and rest[:2] == ":-" and rest[2:] != told):
            problems.append(f"{match[0]} is told as {told}.")
    return problems


def variables_known(compose: Compose) -> list[str]:
    """The program's services are given only variables that the program reads."""
    known = {variable.name for variable in VARIABLES} | FLOWER_READS
    return [
        f"{service}: the program reads no {name}."
        for service, settings in own_services(compose).items()
        for name in sorted(set(settings["environment"]) - known)
    ]


def secrets_required(compose: Compose) -> list[str]:
    """Without its secrets the file refuses to start, each time with a sentence, and none is written into it."""
    problems = []
    seen = set()
    for text in strings(compose):
        for match in VARIABLE.finditer(text):
            if match["name"] in REQUIRED:
                seen.add(match["name"])
                if not re.fullmatch(r":\?Set [A-Z_]+.*", match["rest"]):
                    problems.append(f"{match['name']} may be missing: {match[0]}")
    problems += [f"{name} is used nowhere." for name in sorted(REQUIRED - seen)]
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|_URL$", key) and "${" not in str(value):
                problems.append(f"{name}: {key} is written into the file.")
    return problems


def nothing_published_but_the_proxy(compose: Compose) -> list[str]:
    """The proxy's port is the only way in, on this machine alone by default; the inner networks have no way out."""
    problems = [
        f"{name} publishes {service['ports']}."
        for name, service in compose["services"].items()
        if name not in {"proxy", *PROFILES} and (service.get("ports") or service.get("network_mode"))
    ]
    for name, profile in PROFILES.items():
        service = compose["services"][name]
        if not all(re.match(r"127\.0\.0\.1:", port) for port in service["ports"]):
            problems.append(f"{name} publishes {service['ports']}.")
        if service.get("profiles") != [profile]:
            problems.append(f"{name} starts without being asked for.")
    ports = compose["services"]["proxy"].get("ports", [])
    if len(ports) != 1 or not re.match(r"\$\{HTTP_BIND:-127\.0\.0\.1\}:", ports[0]):
        problems.append(f"The proxy publishes {ports}.")
    for name, service in compose["services"].items():
        open_networks = [net for net in service["networks"] if not (compose["networks"][net] or {}).get("internal")]
        if name not in {"proxy", *PROFILES} and open_networks:
            problems.append(f"{name} reaches the outside through {open_networks}.")
    return problems


def health(compose: Compose) -> list[str]:
    """What runs on is watched, and nobody waits for the health of a service that has none."""
    services = compose["services"]
    problems = [
        f"{name} runs on and has no health check."
        for name, service in services.items()
        if service.get("restart") != "no" and not service.get("healthcheck", {}).get("test")
    ]
    problems += [
        f"{name} says a password in a list of processes, each time it is watched."
        for name, service in services.items()
        if any("PASSWORD" in word for word in service.get("healthcheck", {}).get("test", []))
    ]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            ends = services[other].get("restart") == "no"
            if (how["condition"] == "service_completed_successfully") != ends:
                problems.append(f"{name} waits for {other} in vain: {how['condition']}.")
    return problems


def order(compose: Compose) -> list[str]:
    """The program starts after the migration, and beat is never started twice."""
    problems = [
        f"{name} does not wait for the migration."
        for name, service in own_services(compose).items()
        if name != "migrate" and "migrate" not in service.get("depends_on", {})
    ]
    services = compose["services"]
    fixed = [name for name, service in services.items() if {"container_name", "hostname"} & set(service)]
    problems += [f"{name} has a fixed name: it cannot be scaled." for name in fixed]
    if {"scale", "deploy"} & set(services["beat"]):
        problems.append("beat may run once only.")
    return problems


def hardened(compose: Compose) -> list[str]:
    """The program and the proxy run without root, without rights and on a file system they cannot write."""
    problems = []
    for name, service in {**own_services(compose), "proxy": compose["services"]["proxy"]}.items():
        if not service.get("read_only") or service.get("cap_drop") != ["ALL"] or service.get("privileged"):
            problems.append(f"{name} has more rights than it needs.")
        if service.get("user", "10001:10001") != "10001:10001" or "USER 10001:10001" not in dockerfile_lines():
            problems.append(f"{name} runs as somebody who cannot read the pictures.")
    if compose["services"]["web"]["environment"]["AUTH_MODE"] != "${AUTH_MODE:-password}":
        problems.append("Nobody is asked to sign in.")
    return problems


def volumes(compose: Compose) -> list[str]:
    """Each mounted volume is declared, each mounted file exists, and the databases keep theirs where they write."""
    problems = []
    for name, service in compose["services"].items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("."):
                if not (PROJECT / source).is_file():
                    problems.append(f"{name} mounts {source}, which does not exist.")
            elif source not in compose["volumes"]:
                problems.append(f"{name} mounts {source}, which is not declared.")
    for name, mount in {"db": "db:/var/lib/postgresql", "broker": "broker:/data"}.items():
        if compose["services"][name].get("volumes") != [mount]:
            problems.append(f"{name} loses its data with its container.")
    return problems


def _parses(command: list[str]) -> None:
    """Let the program itself read its arguments; raises or exits where it does not know one."""
    program, *arguments = command
    if program == "sh":
        for line in re.split(r"&&|;", arguments[1]):
            _parses(shlex.split(line))
    elif program == "daphne":
        parser = import_module("daphne.cli").CommandLineInterface().parser
        module, _, name = parser.parse_args(arguments).application.partition(":")
        getattr(import_module(module), name)
    elif program == "gunicorn":
        _parses_gunicorn(arguments)
    elif program == "celery":
        option, app, name, *rest = arguments
        if option != "--app":
            raise ValueError("celery is not told its app.")
        celery_app = import_module(f"{app}.celery").app
        module = import_module(f"celery.bin.{name}")
        subcommand: click.Command = getattr(module, name)
        subcommand.make_context(name, list(rest), obj=_CeleryObject(celery_app))
    elif arguments[0] == "manage.py":
        load_command_class(get_commands()[arguments[1]], arguments[1]).create_parser(
            "manage.py", arguments[1]
        ).parse_args(arguments[2:])
    elif arguments == ["-m", "deploy.flower"]:
        import_module("deploy.flower")
    elif arguments[:2] != ["-m", "deploy.healthcheck"] or arguments[2] not in CHECKS:
        raise ValueError("nobody knows this command.")


def _parses_gunicorn(arguments: list[str]) -> None:
    config = GunicornConfig()
    given = config.parser().parse_args(arguments)
    if not (PROJECT / given.config).is_file():
        raise ValueError(f"there is no {given.config}.")
    for key, value in vars(given).items():
        if key in config.settings and value is not None:
            config.set(key, value)
    module, _, name = given.args[0].partition(":")
    getattr(import_module(module), name)


class _CeleryObject:
    """What Celery's own options ask their context for."""

    def __init__(self, app: Any) -> None:
        self.app = app


def commands(compose: Compose) -> list[str]:
    """Every command of the program's services and of their health checks exists and takes its arguments."""
    problems = []
    for name, service in own_services(compose).items():
        lines = [service["command"]]
        if "healthcheck" in service:
            lines.append(service["healthcheck"]["test"][1:])
        for line in lines:
            filled = [VARIABLE.sub(lambda match: match["rest"].removeprefix(":-") or "x", part) for part in line]
            if not shutil.which(filled[0], path=f"{Path(sys.executable).parent}:/bin:/usr/bin"):
                problems.append(f"{name}: there is no program {filled[0]}.")
                continue
            try:
                _parses(filled)
            except (Exception, SystemExit) as error:
                problems.append(f"{name}: {' '.join(filled)}: {error}")
    if str(BEAT_SCHEDULE) not in compose["services"]["beat"]["command"]:
        problems.append("beat's health check looks at another file than beat writes.")
    return problems


def proxy_agrees(compose: Compose) -> list[str]:
    """The proxy's configuration, the compose file and the program mean the same ports, folders and limits."""
    config = NGINX_FILE.read_text(encoding="utf-8")
    web, sockets = compose["services"]["web"], compose["services"]["sockets"]
    port = web["command"][web["command"].index("--bind") + 1].rpartition(":")[2]
    sockets_port = sockets["command"][sockets["command"].index("--port") + 1]
    prefix = web["environment"]["ACCEL_PREFIX"]
    published = compose["services"]["proxy"]["ports"][0].rsplit(":", 1)[-1]
    wanted = [
        f"set $web http://web:{port};",
        f"set $sockets http://sockets:{sockets_port};",
        f"listen {published};",
        f"http://127.0.0.1:{published}/-/proxy",
        f"location {prefix}/blobs/ {{\n            internal;",
        f"location {prefix}/exports/ {{\n            internal;",
    ]
    everything = config + "\n".join(strings(compose["services"]["proxy"]))
    problems = [f"Nowhere: {text}" for text in wanted if text not in everything]
    limit = re.search(r"location /api/ \{\s+client_max_body_size (\d+)k;", config)
    if not limit or not 4096 < int(limit[1]) < 2 * 4096:
        problems.append("The proxy's limit does not fit a chunk of 4 MiB.")
    return problems


def addresses_agree(compose: Compose) -> list[str]:
    """The program calls database and broker by their service's name, with the account that they are given."""
    problems = []
    given = compose["services"]["db"]["environment"]
    broker = compose["services"]["broker"]["command"]
    wanted = {
        "DATABASE_URL": (given["POSTGRES_USER"], given["POSTGRES_PASSWORD"], "db", 5432, given["POSTGRES_DB"]),
        "REDIS_URL": ("", broker[broker.index("--requirepass") + 1], "broker", 6379, "0"),
    }
    for service, settings in own_services(compose).items():
        for key, expected in wanted.items():
            # Only the names count: what Docker says when a variable is missing may differ from place to place.
            names = VARIABLE.sub(lambda match: str(match["name"]), settings["environment"][key])
            user, password, *rest = expected
            password = VARIABLE.sub(lambda match: str(match["name"]), str(password))
            found = urlsplit(names)
            if (found.username, found.password, found.hostname, found.port, found.path[1:]) != (user, password, *rest):
                problems.append(f"{service}: {key} leads to {names}.")
    return problems


ALL: list[Callable[[Compose], list[str]]] = [
    schema,
    variables_documented,
    variables_known,
    secrets_required,
    nothing_published_but_the_proxy,
    health,
    order,
    hardened,
    volumes,
    commands,
    proxy_agrees,
    addresses_agree,
]
