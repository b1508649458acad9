"""Package indexes: the client that answers ``resolve.ports.PackageSource``, and what it is made of."""
