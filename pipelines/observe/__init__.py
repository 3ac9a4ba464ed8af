"""What runs, told to those who run it: logs without personal data, figures for Prometheus, traces."""
