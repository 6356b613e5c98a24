"""The fault laboratory: the real product on private ports, real sinks, one named fault, a verdict."""
