"""The console is English."""
