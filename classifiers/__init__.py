"""Text in, signals out. Knows nothing of crawling, storage or the web."""
