"""Is it alive? Nodes and replicas, the probes that look at them, and what was seen."""
