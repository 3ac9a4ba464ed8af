"""The investigator's web application and its API."""
