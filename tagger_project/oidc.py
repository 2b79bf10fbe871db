"""The OpenID Connect provider of the environment, in the words of the library that speaks with it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from tagger_project.bounds.local_names import is_local_name

# Stands in the address that the provider has to know: /account/oidc/sso/login/callback/
PROVIDER = "sso"


def oidc_providers(*, issuer: str, client_id: str, secret: str, name: str) -> dict[str, Any]:
    """Return allauth's description of the one provider.

    Raises:
        ImproperlyConfigured: something is missing, or the provider would be asked without TLS.
    """
    given = {"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": client_id, "OIDC_CLIENT_SECRET": secret}
    if missing := [variable for variable, value in given.items() if not value]:
        raise ImproperlyConfigured(f"AUTH_MODE is 'oidc', which needs {' and '.join(missing)} as well.")
    address = urlsplit(issuer)
    if address.scheme != "https" and not is_local_name(address.hostname or ""):
        raise ImproperlyConfigured(f"OIDC_ISSUER is '{issuer}'. It has to begin with https://.")
    return {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": PROVIDER,
                    "name": name,
                    "client_id": client_id,
                    "secret": secret,
                    "settings": {"server_url": issuer.rstrip("/")},
                }
            ],
        }
    }
