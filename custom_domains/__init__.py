"""Host names of the customer's own for pages: which may be taken, their DNS records, their state."""
