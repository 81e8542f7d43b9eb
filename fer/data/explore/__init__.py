"""What `fer data explore` shows of a database, as values: which faces, which counts. How it is drawn is fer/results/pages."""
