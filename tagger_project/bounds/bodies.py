"""How large a request may be, by its address. No Django: the server asks before it takes the first byte."""

from __future__ import annotations

import re

KIBIBYTE = 1024
# A chunk of a file is 4 MiB; what is a little larger gets the API's own sentence about chunks.
API_BYTES = 4224 * KIBIBYTE
# A vocabulary of 150,000 words as CSV.
ADMIN_BYTES = 16 * 1024 * KIBIBYTE
PAGE_BYTES = 1024 * KIBIBYTE

_LIMITS = (
    (re.compile(r"/api/"), API_BYTES),
    (re.compile(r"/admin/"), ADMIN_BYTES),
)


def most_bytes(path: str) -> int:
    """Return how many bytes a request to this address may bring; deploy/nginx.conf says the same."""
    return next((limit for pattern, limit in _LIMITS if pattern.match(path)), PAGE_BYTES)
