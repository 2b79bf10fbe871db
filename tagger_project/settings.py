"""Django's settings, one file for every way to run. Reads only `tagger_project.env`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from tagger_project import env
from tagger_project.broker import CACHE_DB, CHANNELS_DB, broker_url, celery_url, redis_py_url
from tagger_project.secret_key import load_or_make_secret_key

# Generic classes such as `ModelAdmin[Tag]` are written out for the type checker; Django itself has no such brackets.
django_stubs_ext.monkeypatch()

BASE_DIR = env.BASE_DIR
DATA_DIR: Path = env.DATA_DIR
DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY or load_or_make_secret_key(DATA_DIR)

AUTH_MODE = env.AUTH_MODE
if AUTH_MODE not in {"open", "password"}:
    raise ImproperlyConfigured(f"AUTH_MODE is '{AUTH_MODE}'. Set it to 'open' or to 'password'.")

ALLOWED_HOSTS: list[str] = env.ALLOWED_HOSTS
if AUTH_MODE == "open" and "*" in ALLOWED_HOSTS:
    # A page of anybody's could take this host's name for its own and work here in the person's browser.
    raise ImproperlyConfigured("ALLOWED_HOSTS is '*' and there is no login. Name the hosts, or set AUTH_MODE=password.")
CSRF_TRUSTED_ORIGINS: list[str] = env.CSRF_TRUSTED_ORIGINS

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "lucide",
    "ninja",
    "import_export",
    "simple_history",
    "tagger_project",
    "datasets",
    "tagging",
    "sessions_app",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tagger_project.auth.AuthModeMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tagger_project.errors.FullDiskMiddleware",
]

ROOT_URLCONF = "tagger_project.urls"
ASGI_APPLICATION = "tagger_project.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tagger_project.context.page",
            ],
        },
    },
]

# --- Database -----------------------------------------------------------------------------------

# Readers never wait and writers queue up: without IMMEDIATE, two transactions that read first and write then fail at
# once with "database is locked", whatever the time-out.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
}

DATABASES: dict[str, dict[str, Any]] = {
    "default": environ.Env.db_url_config(env.DATABASE_URL)
    if env.DATABASE_URL
    else {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "db.sqlite3"}
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # Statements of pages take milliseconds; compiling one that looks expensive takes twenty and more.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker: Celery, Channels and the cache share one server, each in a database of its own -------

BROKER_URL = broker_url(env.REDIS_URL, DATA_DIR)
BROKER_IS_PRIVATE = not env.REDIS_URL

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # The layer waits five seconds at a time for a message; the client's own limit, five too, would race it.
            "hosts": [
                {
                    "address": redis_py_url(BROKER_URL, CHANNELS_DB),
                    "socket_connect_timeout": 2,
                    "socket_timeout": 30,
                }
            ],
            "prefix": "tagger",
            "capacity": 500,
        },
    }
}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_py_url(BROKER_URL, CACHE_DB),
        "KEY_PREFIX": "tagger",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}

CELERY_BROKER_URL = celery_url(BROKER_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
# A killed worker's tasks come back: acknowledged late, given back when a child dies, none hoarded.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "global_keyprefix": "tagger:",
    # A request that has a hint to give does not wait for a broker that is away; workers connect again by themselves.
    "max_retries": 0,
    "socket_connect_timeout": 2,
    # Workers wait a second at a time for a message.
    "socket_timeout": 5,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Sweeps must not stand in line behind pictures, nor count as a message that wakes a worker for them.
CELERY_TASK_QUEUES = [Queue("celery"), Queue("pictures")]
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {"datasets.process_items": {"queue": "pictures"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A picture has a limit of its own (datasets.services.decoding); this one is for what nobody foresaw.
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 4
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
# The database is the record of work and the messages are hints: what a lost message or a dead worker left behind is
# put back in line.
CELERY_BEAT_SCHEDULER = "tagger_project.clock:Clock"
CELERY_BEAT_SCHEDULE = {
    "requeue-stale-import-items": {
        "task": "datasets.requeue_stale_items",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "requeue-bulk-jobs": {
        "task": "tagging.requeue_bulk_jobs",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "requeue-exports": {
        "task": "tagging.requeue_exports",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "sweep-exports": {
        "task": "tagging.sweep_exports",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "sweep-leftovers": {
        "task": "datasets.sweep_leftovers",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "purge-trash": {
        "task": "datasets.purge_trash",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "free-blobs": {
        "task": "datasets.free_blobs",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
}

# --- Suggestions ----------------------------------------------------------------------------------

# A large vocabulary is read behind the questions; tests, which share no transaction with others, read it at once.
SUGGESTIONS_IN_BACKGROUND = True

# --- Static files and headers ---------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "tagger_project.static_files.HashedStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.BEHIND_TLS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if env.BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Signing in ------------------------------------------------------------------------------------

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "datasets:list"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Language, time, logs ----------------------------------------------------------------------------

LANGUAGE_CODE = env.LANGUAGE_CODE
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.TIME_ZONE
USE_I18N = True
USE_TZ = True

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": env.LOG_LEVEL, "propagate": True},
        # One line a request or a socket is noise in a log that people read after something went wrong.
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        # Every scanner sends foreign host names; the answer is 400 and there is nothing to look into.
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
    },
}

# --- The program's own limits --------------------------------------------------------------------------

MAX_FILE_BYTES = env.MAX_FILE_BYTES
MAX_ARCHIVE_BYTES = env.MAX_ARCHIVE_BYTES
MAX_ARCHIVE_ENTRIES = env.MAX_ARCHIVE_ENTRIES
MAX_ARCHIVE_UNPACKED_BYTES = env.MAX_ARCHIVE_UNPACKED_BYTES
MAX_IMAGE_PIXELS = env.MAX_IMAGE_PIXELS
DECODER_MEMORY_BYTES = env.DECODER_MEMORY_BYTES
TRASH_DAYS = env.TRASH_DAYS
EXPORT_DAYS = env.EXPORT_DAYS
ACCEL_PREFIX = env.ACCEL_PREFIX
T5_TOKENIZER = env.T5_TOKENIZER
