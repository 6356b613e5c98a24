"""What Candor says of itself: metrics, a heartbeat to a dead-man's switch, structured logs."""
