"""The way of a listing: models, store, vault, intake, assess, sellers, index, packet."""

__version__ = "0.1.0"
