"""Reading a page without selectors: pure functions, no network, no Scrapy."""

from crawler.extraction.hints import ExtractionHints
from crawler.extraction.page import extract
from crawler.extraction.report import extract_json

__all__ = ["ExtractionHints", "extract", "extract_json"]
