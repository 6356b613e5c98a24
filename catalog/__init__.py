"""Catalog: what an installation has besides services, such as customers and regions, and the pages
that are made from it."""
