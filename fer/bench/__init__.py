"""How fast the real paths are beside the least that could be done."""
