"""Pictures: RR-Net beside the baselines that a practitioner would try, on the same features and splits."""
