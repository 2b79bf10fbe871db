"""What the desk, its neighbours and the pages of tagging sessions read."""

from sessions_app.queries.desk import Desk, Place, get_desk, get_first_image_id, get_place, get_walk_image_id

__all__ = ["Desk", "Place", "get_desk", "get_first_image_id", "get_place", "get_walk_image_id"]
