"""Service level statements: what a customer was promised in a month, and what they got."""
