"""The demonstration: simulated parties on real sockets."""
