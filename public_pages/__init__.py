"""The status page as everyone sees it: read once, published as files, answered without a database."""
