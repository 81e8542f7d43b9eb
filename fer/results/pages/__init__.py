"""Templates of the pages that the reports are drawn with."""
