"""Sites are data: one YAML file each, read strictly, every mistake told with its line."""
