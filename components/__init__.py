"""The catalogue: what the page speaks about, what is claimed of it, and how that changed."""
