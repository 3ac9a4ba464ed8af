"""The search index: one query language, two engines (tantivy in process, Elasticsearch), the same answers."""
