"""What looks at pictures that come over HTTP: `fer serve` for programs, and `fer demo`, the same with a page for people."""
