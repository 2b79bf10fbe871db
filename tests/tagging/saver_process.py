"""A process that saves words one after the other until it is killed; says each number once it is saved."""

from __future__ import annotations

import sys


def main(image_id: int) -> None:
    """Add tags `0`, `1`, … to an image for ever."""
    import django

    django.setup()
    from datasets.models import Image
    from tests.tagging.doing import adding, apply

    image = Image.objects.get(pk=image_id)
    number = 0
    while True:
        apply(image, adding(str(number)))
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    main(int(sys.argv[1]))
