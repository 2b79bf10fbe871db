"""Pages and API under a server with threads; sockets are `asgi.py`'s. Behind the proxy only.

Who asks is found in one place, `client_address.py`: no header may stand in for the connection's own address here.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")
application = get_wsgi_application()

from tagger_project.database_pool import pool_connections  # noqa: E402
from tagger_project.kept_loop import keep_loop  # noqa: E402

pool_connections()
keep_loop()
