"""Settings of the test run: the program's own, on a data folder and a broker of nobody's.

Unit and view tests use an in-memory channel layer and no broker at all; flow tests start the whole program as
processes of their own, with the real settings.
"""

import os
import tempfile

_DATA = tempfile.TemporaryDirectory(prefix="tagger-tests-")
os.environ.update(ENV_FILE="none", DATA_DIR=_DATA.name, AUTH_MODE="open", SECRET_KEY="tests-only-" + "x" * 50)
os.environ.pop("REDIS_URL", None)

from tagger_project.settings import *  # noqa: E402, F403

STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES = {name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"} for name in ("default", "broker")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Messages to workers stay in this process, where a test can count them.
CELERY_BROKER_URL = "memory://"
# The in-memory layer needs no broker: pages of a test hear everything.
BROKER_IS_PRIVATE = False
# What a test wrote is seen by its own thread alone.
SUGGESTIONS_IN_BACKGROUND = False
# Hundreds of tests ask from one address in a minute; those of the limits set them.
REQUESTS_A_MINUTE = COSTLY_REQUESTS_A_MINUTE = ANONYMOUS_REQUESTS_A_MINUTE = 0
