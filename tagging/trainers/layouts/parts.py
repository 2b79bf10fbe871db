"""How the pictures of an export are dealt into archives. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tagging.trainers.profiles import Profile


def first_of_parts(profile: Profile, image_count: int, sizes: Iterable[int] | None = None) -> list[int]:
    """Return the number, from 1, of the first picture of each archive; there is always one.

    Args:
        profile: says what an archive holds at most.
        image_count: of the export.
        sizes: of its pictures in order, as they are expected to go out; without them only their number counts.
    """
    most = profile.most_images_a_part
    if sizes is None or profile.most_bytes_a_part is None:
        return list(range(1, max(image_count, 1) + 1, most)) if most else [1]
    firsts, images, total = [1], 0, 0
    for number, size in enumerate(sizes, start=1):
        # A picture that is too large for any archive has one of its own.
        if images and (images == most or total + size > profile.most_bytes_a_part):
            firsts.append(number)
            images = total = 0
        images, total = images + 1, total + size
    return firsts
