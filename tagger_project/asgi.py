"""Pages and sockets under one server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")
django_application = get_asgi_application()

# The apps' models load with Django above; importing sockets earlier fails.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from tagger_project import env  # noqa: E402
from tagger_project.bounds.origins import same_origin  # noqa: E402
from tagger_project.bounds.server import limit_daphne  # noqa: E402
from tagger_project.bounds.sockets import bounded  # noqa: E402
from tagger_project.brake import braked  # noqa: E402
from tagger_project.database_pool import pool_connections  # noqa: E402
from tagger_project.routing import websocket_urlpatterns  # noqa: E402
from tagger_project.watching.metrics import counted  # noqa: E402
from tagger_project.watching.request_lines import numbered  # noqa: E402

pool_connections()
# Behind a proxy every connection comes from its address; it has bounds of its own.
limit_daphne(connections_an_address=0 if env.TRUSTED_PROXIES else env.CONNECTIONS_AN_ADDRESS)

application = ProtocolTypeRouter(
    {
        "http": braked(django_application),
        "websocket": numbered(
            counted(
                AllowedHostsOriginValidator(same_origin(AuthMiddlewareStack(bounded(URLRouter(websocket_urlpatterns)))))
            )
        ),
    }
)
