"""The way of a listing: models, store, vault, intake, assess, sellers, index, packet."""
