"""What the peer tests share: starting a peer, running flightdeck against it, reading effects back with boto3."""
