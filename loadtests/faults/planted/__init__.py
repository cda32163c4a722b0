"""On the path of a service that is to have a planted bug; nothing here is imported otherwise."""
