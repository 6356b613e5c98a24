"""Reports the load of this host to a Candor status page, for as long as the application lives.

    Reporter("https://status.example.com", token, "landing", "web", "10.0.0.5").start()

Needs psutil only. Nothing here ever raises into the application or keeps it from ending.
"""

from candor_reporter.reporting import Reporter

__all__ = ["Reporter"]
