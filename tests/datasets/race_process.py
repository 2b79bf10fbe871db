"""`python -m tests.datasets.race_process ROLE SECONDS`: one of several programs that share a store and its database.

`import` brings the same few pictures again and again and deletes them for ever, `free` frees without a grace, `verify`
looks for faults all the while. Each prints one JSON object at its end: how many rounds, and what went wrong.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta

PICTURES = 4
# A busy machine takes longer over them.
_FEWEST_ROUNDS = 6


def main() -> None:
    """Play a role for some seconds."""
    role, seconds = sys.argv[1], float(sys.argv[2])
    os.environ["DJANGO_SETTINGS_MODULE"] = "tagger_project.settings"
    import django

    django.setup()
    problems: list[str] = []
    rounds = 0
    play = {"import": importing, "free": freeing, "verify": verifying}[role]()
    end = time.monotonic() + seconds
    while time.monotonic() < end or rounds < _FEWEST_ROUNDS:
        problems += play(rounds)
        rounds += 1
    print(json.dumps({"role": role, "rounds": rounds, "problems": problems[:20]}))


def importing() -> Callable[[int], list[str]]:
    """A round: import a picture that another dataset may just be deleting, look for its files, delete it for ever."""
    from datasets.models import Dataset, Image
    from datasets.services import blobs, trash
    from tests import images, uploading

    dataset = Dataset.objects.create(name=f"Race {os.getpid()}", file_prefix="race")
    pictures = [images.encoded("JPEG", seed=seed, width=32, height=32) for seed in range(PICTURES)]

    def play(number: int) -> list[str]:
        try:
            item = uploading.bring(uploading.start(dataset), "p.jpg", pictures[number % PICTURES])
        except blobs.BlobGone:
            return []  # freed as often as it is stored: no grace, as here, is nobody's setting
        if item.image is None:
            return [f"{item.state} {item.reason}"]
        image, problems = item.image, []
        for _look in range(3):
            try:
                blobs.assert_stored(image.sha256, image.format)
            except blobs.BlobGone:
                problems.append(f"row {image.pk} without files")
            time.sleep(0.001)
        problems += lacking_in_bucket(image.sha256, image.format)
        trash.move_to_trash(dataset, [image.pk], by=None)
        if number % 3:
            trash.empty_trash(dataset, None, by=None)
        elif Image.everything.filter(pk=image.pk).exists() and number % 2:
            trash.restore(dataset, None, by=None)
        return problems

    return play


def lacking_in_bucket(sha256: str, image_format: str) -> list[str]:
    """The files of a row's picture that its bucket has not, where there is one."""
    from django.conf import settings

    from datasets import paths, remote

    root = settings.DATA_DIR
    places = [paths.original_path(root, sha256, image_format), paths.thumbnail_path(root, sha256)]
    places.append(paths.preview_path(root, sha256))
    return [f"{path.name} is not in the bucket" for path in places if remote.is_set() and not remote.holds(path)]


def freeing() -> Callable[[int], list[str]]:
    """A round: free everything that no row needs at this moment."""
    from datasets.services.blobs import free_unneeded_blobs

    def play(_number: int) -> list[str]:
        free_unneeded_blobs(older_than=timedelta(0))
        return []

    return play


def verifying() -> Callable[[int], list[str]]:
    """A round: look over everything, with the usual grace for what is young."""
    from datasets.services.verifying import Verification

    def play(_number: int) -> list[str]:
        return [f"{finding.kind} {finding.path}" for finding in Verification().findings()]

    return play


if __name__ == "__main__":
    main()
