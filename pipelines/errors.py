"""What can go wrong in a way that a person can act on, with the exit code it ends in."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every `tracemark` command (`tracemark help exit-codes`)."""

    DONE = 0
    NOT_AS_IT_SHOULD_BE = 1
    BAD_INPUT = 2
    CONFIGURATION = 3
    NOT_PERMITTED = 4
    PART_MISSING = 5
    DISK = 6
    INTERRUPTED = 130


class TracemarkError(Exception):
    """A failure with a message for a person: what happened, where, and what to do.

    `details` is one entry per mistake where several were found at once.
    """

    exit_code = ExitCode.NOT_AS_IT_SHOULD_BE

    def __init__(self, message: str, *, hint: str | None = None, details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class BadInput(TracemarkError):
    """The arguments or the data given cannot be used as they are."""

    exit_code = ExitCode.BAD_INPUT


class ConfigurationError(TracemarkError):
    """The workspace's own settings cannot be used as they are."""

    exit_code = ExitCode.CONFIGURATION


class NotPermitted(TracemarkError):
    """A rule of conduct, or a missing authority, forbids what was asked."""

    exit_code = ExitCode.NOT_PERMITTED


class PartMissing(TracemarkError):
    """A program, a server or a package that is needed is not there or does not answer."""

    exit_code = ExitCode.PART_MISSING


class DiskTrouble(TracemarkError):
    """The disk is full or cannot be written."""

    exit_code = ExitCode.DISK
