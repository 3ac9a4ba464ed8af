"""The migrations of the store, run by `pipelines.store.database`."""
