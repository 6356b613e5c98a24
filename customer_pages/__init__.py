"""Pages for one customer each: who may see one, how they sign in, and what they are shown."""
