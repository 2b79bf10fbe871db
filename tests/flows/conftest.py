"""The running program for flow tests."""

from tests.program import running_program

__all__ = ["running_program"]
