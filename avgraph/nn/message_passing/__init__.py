"""Message passing with edge states: RR-Net's units and what they are made of."""
