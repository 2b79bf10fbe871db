"""What the containers need beside the program: the proxy's configuration and the health checks."""
