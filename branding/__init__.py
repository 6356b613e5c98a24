"""How pages look: logos, colour, pattern, links and style of their own, one record for page, mails and widget."""
