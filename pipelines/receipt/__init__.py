"""Evidence that others collected: WARC and WACZ files and saved pages, received and kept as they came."""
