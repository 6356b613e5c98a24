"""The local daemon: checks what only its own network can reach and reports it to the status page.

Built on `probing`, without Django. `cli` is the entry; `daemon` puts the parts together.
"""

VERSION = "0.1.0"
