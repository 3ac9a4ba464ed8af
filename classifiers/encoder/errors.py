"""What can keep an encoder from being used, with a message for a person."""

from __future__ import annotations


class EncoderError(Exception):
    """An encoder cannot be used; `hint` says what to do about it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class EncoderMissing(EncoderError):
    """A package, a file or a folder that the encoder needs is not there."""


class EncoderDamaged(EncoderError):
    """A file of the encoder is there and is not the one its manifest names."""
