"""The vault's files: WARC 1.1, one gzip member per record, SHA-256 throughout."""
