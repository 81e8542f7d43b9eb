"""Near copies: the same photograph resized, brightened, re-compressed, cut or mirrored, found by hash and comparison."""
