"""Why a start does not happen, as a sentence for the person who typed the command."""


class CannotStart(Exception):
    """The program cannot start or go on; the text says why and what to do."""
