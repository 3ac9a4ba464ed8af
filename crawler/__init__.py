"""Gets pages: the Scrapy project, site files, extraction, capture and the demo marketplaces."""
