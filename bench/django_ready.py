"""Importing this makes Django ready for a benchmark in this process, on a data folder or database of nobody's."""

from __future__ import annotations

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
