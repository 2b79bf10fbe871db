"""Backups: database and files together, in one folder, checked, and loadable into either database."""
