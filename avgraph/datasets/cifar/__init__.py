"""CIFAR-10 and CIFAR-100: small pictures, raw or as features of a frozen network."""
