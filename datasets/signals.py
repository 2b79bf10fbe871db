"""The news that travels to the right without an import."""

from django.dispatch import Signal

image_ready = Signal()
"""Images became ready, or texts for them arrived. Sent inside the transaction that makes it true, with

- `job`: the `ImportJob` they came with, whose policy says what the texts may do;
- `arrivals`: a list of `datasets.services.arrivals.Arrival`, each an image with all texts of this import for it, each
  image once. Lists of captions bring hundreds at once.

A receiver must be safe to run twice for one image. Who reads the texts answers with a list of `TextEnd`, one for each
arrival.
"""

import_finished = Signal()
"""An import came to its end: every file of it has one. Sent after the commit that made it true, with `dataset_id`."""
