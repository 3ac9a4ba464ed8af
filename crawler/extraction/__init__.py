"""Reading a page without selectors: pure functions, no network, no Scrapy."""

from crawler.extraction.hints import ExtractionHints
from crawler.extraction.page import extract, extract_listings
from crawler.extraction.report import extract_json

__all__ = ["ExtractionHints", "extract", "extract_json", "extract_listings"]
