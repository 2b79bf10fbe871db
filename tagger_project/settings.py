"""Django's settings, one file for every way to run. Reads only `tagger_project.env`."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from tagger_project import env
from tagger_project.bounds.local_names import foreign_names
from tagger_project.broker import CACHE_DB, CHANNELS_DB, broker_url, celery_url, redis_py_url
from tagger_project.bucket import bucket_settings
from tagger_project.oidc import oidc_providers
from tagger_project.secret_key import load_or_make_secret_key
from tagger_project.watching.logs import FORMATS, logging_settings

# Generic classes such as `ModelAdmin[Tag]` are written out for the type checker; Django itself has no such brackets.
django_stubs_ext.monkeypatch()

BASE_DIR = env.BASE_DIR
DATA_DIR: Path = env.DATA_DIR
DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY or load_or_make_secret_key(DATA_DIR)

AUTH_MODE = env.AUTH_MODE
if AUTH_MODE not in {"open", "password", "oidc"}:
    raise ImproperlyConfigured(f"AUTH_MODE is '{AUTH_MODE}'. Set it to 'open', to 'password' or to 'oidc'.")

ALLOWED_HOSTS: list[str] = env.ALLOWED_HOSTS
if AUTH_MODE == "open" and "*" in ALLOWED_HOSTS:
    # A page of anybody's could take this host's name for its own and work here in the person's browser.
    raise ImproperlyConfigured("ALLOWED_HOSTS is '*' and there is no login. Name the hosts, or set AUTH_MODE=password.")
if AUTH_MODE == "open" and not env.OPEN_TO_NETWORK and (others := foreign_names(ALLOWED_HOSTS)):
    raise ImproperlyConfigured(
        f"Without logins the pages are for this machine only, and ALLOWED_HOSTS names {', '.join(others)}. Set "
        "AUTH_MODE=password, or OPEN_TO_NETWORK=true if whoever reaches the port may read and change everything."
    )
OPEN_TO_NETWORK = env.OPEN_TO_NETWORK
CSRF_TRUSTED_ORIGINS: list[str] = env.CSRF_TRUSTED_ORIGINS

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_structlog",
    "channels",
    "csp",
    "lucide",
    "ninja",
    "import_export",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "tagger_project",
    "datasets",
    "tagging",
    "sessions_app",
]

MIDDLEWARE = [
    "tagger_project.watching.request_lines.RequestLines",
    "tagger_project.watching.metrics.MetricsMiddleware",
    "tagger_project.bounds.headers.HeadersMiddleware",
    # What any other refuses below /api/ gets its shape here.
    "tagger_project.api.problems.ProblemMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "tagger_project.bounds.requests.BodyLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tagger_project.bounds.requests.RateLimitMiddleware",
    "tagger_project.api.token_door.TokenMiddleware",
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

# --- Pictures: in the data folder, or in a bucket with copies in the data folder --------------------

# Shows no secret where settings are printed.
BUCKET = bucket_settings(
    name=env.S3_BUCKET,
    endpoint=env.S3_ENDPOINT,
    region=env.S3_REGION,
    access_key=env.S3_ACCESS_KEY,
    secret_key=env.S3_SECRET_KEY,
    prefix=env.S3_PREFIX,
    cache_bytes=env.S3_CACHE_BYTES,
)

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

_REDIS_CACHE: dict[str, Any] = {
    "LOCATION": redis_py_url(BROKER_URL, CACHE_DB),
    "KEY_PREFIX": "tagger",
    "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
}
CACHES = {
    # Doors count in it: while it is away each process counts for itself.
    "default": {"BACKEND": "tagger_project.falling_cache.FallingBackCache", **_REDIS_CACHE},
    # For who asks whether it answers.
    "broker": {"BACKEND": "django.core.cache.backends.redis.RedisCache", **_REDIS_CACHE},
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
# put back in line. None has a moment to expire at, which would be compared with another machine's clock; the scheduler
# sees to it that they do not pile up.
CELERY_BEAT_SCHEDULER = "tagger_project.clock:Clock"
CELERY_BEAT_SCHEDULE = {
    "requeue-stale-import-items": {
        "task": "datasets.requeue_stale_items",
        "schedule": timedelta(seconds=10),
    },
    "requeue-bulk-jobs": {
        "task": "tagging.requeue_bulk_jobs",
        "schedule": timedelta(seconds=10),
    },
    "requeue-exports": {
        "task": "tagging.requeue_exports",
        "schedule": timedelta(seconds=10),
    },
    "sweep-exports": {
        "task": "tagging.sweep_exports",
        "schedule": timedelta(hours=1),
    },
    "sweep-leftovers": {
        "task": "datasets.sweep_leftovers",
        "schedule": timedelta(hours=1),
    },
    "purge-trash": {
        "task": "datasets.purge_trash",
        "schedule": timedelta(hours=1),
    },
    "sweep-kept-answers": {
        "task": "tagger_project.sweep_kept_answers",
        "schedule": timedelta(hours=1),
    },
    "free-blobs": {
        "task": "datasets.free_blobs",
        "schedule": timedelta(hours=1),
    },
}

if BUCKET is not None and BUCKET.cache_bytes:
    CELERY_BEAT_SCHEDULE["evict-copies"] = {"task": "datasets.evict_copies", "schedule": timedelta(minutes=5)}

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
# No other site has a use for them.
WHITENOISE_ALLOW_ALL_ORIGINS = False

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
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if env.BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # Asked from inside the machine or the network of the containers, where nobody speaks TLS.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics"]
    if env.HSTS not in {"off", "host", "subdomains", "preload"}:
        raise ImproperlyConfigured(f"HSTS is '{env.HSTS}'. Set it to 'host', 'subdomains', 'preload' or 'off'.")
    SECURE_HSTS_SECONDS = 0 if env.HSTS == "off" else 2 * 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.HSTS in {"subdomains", "preload"}
    SECURE_HSTS_PRELOAD = env.HSTS == "preload"

# --- Signing in ------------------------------------------------------------------------------------

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "datasets:list"
LOGOUT_REDIRECT_URL = "account_login"
# One backend alone: a second would hash the password a second time, and tell by its time which names exist.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "tagger_project.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_LOGOUT_REDIRECT_URL = LOGOUT_REDIRECT_URL
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*", *(["email"] if env.EMAIL_URL else []), "password1*", "password2*"]
# The one that the admin works with in open mode, which counts as nobody (tagger_project.auth.LOCAL_OWNER).
ACCOUNT_USERNAME_BLACKLIST = ["local-owner"]
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Whether an address has an account is told to nobody, also not who signs up: letters go to whoever holds it.
ACCOUNT_PREVENT_ENUMERATION = "strict"
# Django's: allauth's asks the database for more where there is an account.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 (a path)
# Wrong passwords and codes have limits of the program's own (tagger_project.accounts.attempts), by which the owner gets
# in while somebody else guesses; allauth's hold for the rest.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
MFA_FORMS = {
    "authenticate": "tagger_project.accounts.forms.CodeForm",
    "reauthenticate": "tagger_project.accounts.forms.CodeAgainForm",
}
MFA_ADAPTER = "tagger_project.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Dataset tagger"
# A code that is typed as it changes still counts.
MFA_TOTP_TOLERANCE = 1

SOCIALACCOUNT_ADAPTER = "tagger_project.accounts.adapters.ProviderAdapter"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if AUTH_MODE == "oidc":
    SOCIALACCOUNT_PROVIDERS = oidc_providers(
        issuer=env.OIDC_ISSUER, client_id=env.OIDC_CLIENT_ID, secret=env.OIDC_CLIENT_SECRET, name=env.OIDC_NAME
    )

EMAIL_URL = env.EMAIL_URL
DEFAULT_FROM_EMAIL = env.EMAIL_FROM or "tagger@localhost"
if EMAIL_URL:
    globals().update(environ.Env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 10

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

if env.LOG_FORMAT not in FORMATS:
    raise ImproperlyConfigured(f"LOG_FORMAT is '{env.LOG_FORMAT}'. Set it to one of: {', '.join(FORMATS)}.")
LOGGING = logging_settings(env.LOG_FORMAT, env.LOG_LEVEL)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# No person's number or address in every line: the request's number leads to the rest where it is needed.
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_CORRELATION_ID = False
# What begins is told by what ends; sweeps every ten seconds are no news.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = logging.DEBUG

# --- The program's own limits --------------------------------------------------------------------------

MAX_FILE_BYTES = env.MAX_FILE_BYTES
MAX_ARCHIVE_BYTES = env.MAX_ARCHIVE_BYTES
MAX_ARCHIVE_ENTRIES = env.MAX_ARCHIVE_ENTRIES
MAX_ARCHIVE_UNPACKED_BYTES = env.MAX_ARCHIVE_UNPACKED_BYTES
MAX_IMAGE_PIXELS = env.MAX_IMAGE_PIXELS
DECODER_MEMORY_BYTES = env.DECODER_MEMORY_BYTES
TRUSTED_PROXIES = env.TRUSTED_PROXIES
REQUESTS_A_MINUTE = env.REQUESTS_A_MINUTE
COSTLY_REQUESTS_A_MINUTE = env.COSTLY_REQUESTS_A_MINUTE
ANONYMOUS_REQUESTS_A_MINUTE = env.ANONYMOUS_REQUESTS_A_MINUTE
SOCKETS_A_PERSON = env.SOCKETS_A_PERSON
SOCKETS_AN_ADDRESS = env.SOCKETS_AN_ADDRESS
TRASH_DAYS = env.TRASH_DAYS
EXPORT_DAYS = env.EXPORT_DAYS
ACCEL_PREFIX = env.ACCEL_PREFIX
METRICS = env.METRICS
T5_TOKENIZER = env.T5_TOKENIZER
