"""Saved objects for teams that work in Kibana, over the index that Tracemark keeps on Elasticsearch."""
