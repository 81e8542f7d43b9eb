"""One file a database; a new one is found by its YAML in conf/data/."""
