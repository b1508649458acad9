"""What tests share: a frozen index in memory, real tiny wheels, a real loopback server."""
