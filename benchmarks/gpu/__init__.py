"""What steps of layers and losses cost on a device."""
