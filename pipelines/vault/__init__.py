"""The vault beyond this machine: sealed files as objects of an S3-compatible storage."""
