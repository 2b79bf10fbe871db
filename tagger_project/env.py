"""Every environment variable of the program: its type, its default and the reason it exists.

This is the only module that reads the environment. `.env.example` lists the same variables; a test compares the two.
A `.env` file at the top of the project is read first; a variable that is set in the real environment wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

T = TypeVar("T")


@dataclass(frozen=True)
class Variable:
    """One declared environment variable.

    Attributes:
        name: as it stands in the environment.
        default: what holds when it is unset; `None` where the program works it out.
        why: one sentence for the person who sets it.
    """

    name: str
    default: object
    why: str


VARIABLES: list[Variable] = []

_environment = environ.Env()


def _declare(read: Callable[..., Any], name: str, default: T, why: str) -> T:
    VARIABLES.append(Variable(name, default, why))
    # An empty value means "unset": compose files and shells write `NAME=` for that.
    if _environment.str(name, default="") == "":
        return default
    value: T = read(name)
    return value


ENV_FILE = _declare(
    _environment.str, "ENV_FILE", ".env", "Where the file with these variables lies; relative to the project."
)
if ENV_FILE and (BASE_DIR / ENV_FILE).is_file():
    environ.Env.read_env(str(BASE_DIR / ENV_FILE))

# --- Where things are -------------------------------------------------------------------------

DATA_DIR = Path(
    _declare(_environment.str, "DATA_DIR", str(BASE_DIR / "data"), "Folder of the database, the pictures and the logs.")
).absolute()
DATABASE_URL = _declare(
    _environment.str, "DATABASE_URL", "", "PostgreSQL as postgres://user:password@host/name; unset: SQLite in DATA_DIR."
)
REDIS_URL = _declare(
    _environment.str,
    "REDIS_URL",
    "",
    "Redis or Valkey as redis://host:6379 or unix:///path; unset: the broker that `manage.py up` starts.",
)

S3_BUCKET = _declare(
    _environment.str, "S3_BUCKET", "", "Bucket that keeps the pictures; unset: the data folder does (docs/storage.md)."
)
S3_ENDPOINT = _declare(
    _environment.str, "S3_ENDPOINT", "", "Its server as https://host:port, for MinIO, Garage or Ceph; unset: AWS."
)
S3_REGION = _declare(_environment.str, "S3_REGION", "us-east-1", "Its region, as its server calls it.")
S3_ACCESS_KEY = _declare(_environment.str, "S3_ACCESS_KEY", "", "Key that may read, write, list and delete there.")
S3_SECRET_KEY = _declare(_environment.str, "S3_SECRET_KEY", "", "The secret that goes with that key.")
S3_PREFIX = _declare(
    _environment.str, "S3_PREFIX", "", "What the names in the bucket begin with; each installation has one of its own."
)
S3_CACHE_BYTES = _declare(
    _environment.int,
    "S3_CACHE_BYTES",
    0,
    "Most bytes of local copies of what the bucket has, about; the least used go first; 0: all are kept.",
)

# --- Who may come in --------------------------------------------------------------------------

AUTH_MODE = _declare(
    _environment.str,
    "AUTH_MODE",
    "open",
    "open: no login, for one machine; password: everyone signs in first; oidc: everyone signs in at your provider.",
)
OPEN_TO_NETWORK = _declare(
    _environment.bool,
    "OPEN_TO_NETWORK",
    False,
    "Lets open mode serve other machines: whoever reaches the port may then read and change everything.",
)
OIDC_ISSUER = _declare(
    _environment.str,
    "OIDC_ISSUER",
    "",
    "Your OpenID Connect provider, such as https://id.example/realms/team; for AUTH_MODE=oidc.",
)
OIDC_CLIENT_ID = _declare(_environment.str, "OIDC_CLIENT_ID", "", "Name under which the provider knows this program.")
OIDC_CLIENT_SECRET = _declare(
    _environment.str, "OIDC_CLIENT_SECRET", "", "Secret that the provider gave for that name."
)
OIDC_NAME = _declare(
    _environment.str, "OIDC_NAME", "single sign-on", "What people call the provider; it stands on the sign-in button."
)
EMAIL_URL = _declare(
    _environment.str,
    "EMAIL_URL",
    "",
    "Mail server as smtp+tls://user:password@host:587; unset: no mail; an administrator resets lost passwords.",
)
EMAIL_FROM = _declare(_environment.str, "EMAIL_FROM", "", "Sender of the program's mails; unset: tagger@localhost.")
SECRET_KEY = _declare(
    _environment.str, "SECRET_KEY", "", "Signs cookies; unset: made once and kept in DATA_DIR with mode 0600."
)
ALLOWED_HOSTS = _declare(
    _environment.list,
    "ALLOWED_HOSTS",
    ["localhost", "127.0.0.1", "[::1]"],
    "Host names the pages may be reached by, with commas; a foreign name is refused.",
)
CSRF_TRUSTED_ORIGINS: list[str] = _declare(
    _environment.list, "CSRF_TRUSTED_ORIGINS", [], "Origins such as https://tagger.example behind a TLS proxy."
)
BEHIND_TLS = _declare(
    _environment.bool, "BEHIND_TLS", False, "A proxy in front speaks TLS: cookies are sent over https only."
)
TRUSTED_PROXIES = _declare(
    _environment.int,
    "TRUSTED_PROXIES",
    0,
    "Proxies of yours in front, each of which adds to X-Forwarded-For; limits go by the address the first one saw.",
)
HSTS = _declare(
    _environment.str,
    "HSTS",
    "preload",
    "What browsers keep to https for two years where BEHIND_TLS is set: host, subdomains (names below the host too), "
    "preload (may stand in browsers' own lists, too) or off. For a host that others have names below: host.",
)

# --- How it runs ------------------------------------------------------------------------------

DEBUG = _declare(_environment.bool, "DEBUG", False, "Django's debug pages; for developers of the program only.")
HOST = _declare(_environment.str, "HOST", "127.0.0.1", "Address that `manage.py up` listens on.")
PORT = _declare(_environment.int, "PORT", 8000, "Port that `manage.py up` listens on; a taken one moves to the next.")
WORKERS = _declare(
    _environment.int, "WORKERS", 0, "Worker processes that read pictures; 0: as many as the machine has cores."
)
OPEN_BROWSER = _declare(_environment.bool, "OPEN", False, "`manage.py up` opens the page in the browser.")
LOG_LEVEL = _declare(_environment.str, "LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.")
LOG_FORMAT = _declare(
    _environment.str,
    "LOG_FORMAT",
    "auto",
    "lines: for people; json: for machines, with a line for each request; auto: lines at a terminal, else json.",
)
METRICS = _declare(
    _environment.bool,
    "METRICS",
    False,
    "Tell Prometheus numbers on /metrics and /metrics/state, to whoever asks without a proxy in between.",
)
TIME_ZONE = _declare(_environment.str, "TIME_ZONE", "UTC", "Time zone of what the pages show.")
LANGUAGE_CODE = _declare(_environment.str, "LANGUAGE_CODE", "en", "Language of the pages.")
ACCEL_PREFIX = _declare(
    _environment.str,
    "ACCEL_PREFIX",
    "",
    "Internal location of a proxy that sends files for X-Accel-Redirect; unset: the program sends them itself.",
)

T5_TOKENIZER = _declare(
    _environment.str,
    "T5_TOKENIZER",
    "",
    "Path of T5's tokenizer.json, to count its tokens; unset: the one that `make tokens` installs.",
)

# --- What `manage.py up FOLDER` imports ---------------------------------------------------------

DATASET = _declare(_environment.str, "DATASET", "", "Name of the dataset a folder goes into; unset: the folder's name.")
PREFIX = _declare(_environment.str, "PREFIX", "", "File prefix of that dataset; unset: made from its name.")
TRIGGER_WORD = _declare(_environment.str, "TRIGGER_WORD", "", "Trigger word of that dataset.")

# --- Limits -----------------------------------------------------------------------------------

MAX_FILE_BYTES = _declare(_environment.int, "MAX_FILE_BYTES", 200_000_000, "Largest file that is taken in, in bytes.")
MAX_ARCHIVE_BYTES = _declare(
    _environment.int, "MAX_ARCHIVE_BYTES", 20_000_000_000, "Largest zip that is taken in, in bytes."
)
MAX_ARCHIVE_ENTRIES = _declare(
    _environment.int, "MAX_ARCHIVE_ENTRIES", 200_000, "Most files and folders that a zip may list."
)
# Pictures hardly shrink in a zip and raw ones (BMP, TIFF) to a fifth at best: five times the largest zip is no bound to
# people, and one to what only unpacks to fill a disk.
MAX_ARCHIVE_UNPACKED_BYTES = _declare(
    _environment.int,
    "MAX_ARCHIVE_UNPACKED_BYTES",
    100_000_000_000,
    "Most bytes that the files of a zip may have unpacked.",
)
MAX_IMAGE_PIXELS = _declare(
    _environment.int, "MAX_IMAGE_PIXELS", 80_000_000, "Largest picture that is decoded, in pixels (width times height)."
)
DECODER_MEMORY_BYTES = _declare(
    _environment.int,
    "DECODER_MEMORY_BYTES",
    512 * 1024**2,
    "Address space of the process that decodes pictures, in bytes: a picture that wants more is refused.",
)
# Ten people who tag with ten keys a second behind one address ask some 200 times a second.
REQUESTS_A_MINUTE = _declare(
    _environment.int,
    "REQUESTS_A_MINUTE",
    30_000,
    "Requests a minute of one person, or of one address without sign-in, before the answer is 429; 0: any number.",
)
COSTLY_REQUESTS_A_MINUTE = _declare(
    _environment.int,
    "COSTLY_REQUESTS_A_MINUTE",
    600,
    "Exports, versions, bulk actions and imports begun in a minute by one person or address; 0: any number.",
)
ANONYMOUS_REQUESTS_A_MINUTE = _declare(
    _environment.int,
    "ANONYMOUS_REQUESTS_A_MINUTE",
    120,
    "Requests a minute of one address to what answers without sign-in: the way in, /readyz; 0: any number.",
)
CONNECTIONS_AN_ADDRESS = _declare(
    _environment.int,
    "CONNECTIONS_AN_ADDRESS",
    1000,
    "Connections that one address may hold where no proxy is in front; 0: any number.",
)
SOCKETS_A_PERSON = _declare(
    _environment.int,
    "SOCKETS_A_PERSON",
    100,
    "Open pages that one signed-in person may have told live, in each web process; 0: any number.",
)
SOCKETS_AN_ADDRESS = _declare(
    _environment.int,
    "SOCKETS_AN_ADDRESS",
    1000,
    "Open pages that one address may have told live, in each web process; 0: any number.",
)
TRASH_DAYS = _declare(
    _environment.int, "TRASH_DAYS", 30, "Days that a deleted image stays in the trash before it is deleted for ever."
)
EXPORT_DAYS = _declare(
    _environment.int,
    "EXPORT_DAYS",
    7,
    "Days that the archives of an export are kept; what it was made from is remembered for ever.",
)
