"""A process of its own for one full decode: `python -m datasets.plain_copy_process PATH MAX_PIXELS MEMORY_BYTES`.

Writes the plain copy to standard output; a refusal as `CODE detail` to
standard error with exit code 3. No Django. A picture that kills it kills nothing else.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

REFUSED = 3


def main() -> int:
    """Read the arguments, bound the memory, decode, write."""
    path, max_pixels, memory = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    from datasets.imaging import ImageRefused, plain_copy

    try:
        content, _format = plain_copy(path, max_pixels)
    except ImageRefused as refused:
        print(refused, file=sys.stderr)  # noqa: T201 (that is how a process answers)
        return REFUSED
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
