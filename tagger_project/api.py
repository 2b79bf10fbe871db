"""`/api/v1`: the pages' own JSON calls, and outside scripts' too."""

from __future__ import annotations

from ninja import NinjaAPI

from datasets.api import router as datasets_router
from sessions_app.api import router as sessions_router
from tagger_project.auth import SessionOrOpen
from tagging.api import router as tagging_router

api = NinjaAPI(
    title="Dataset tagger",
    version="1",
    description="Datasets, images, tags, imports and exports. Errors are `{\"detail\": sentence}`.",
    auth=SessionOrOpen(),
    docs_url=None,
)
api.add_router("", datasets_router)
api.add_router("", tagging_router)
api.add_router("", sessions_router)
