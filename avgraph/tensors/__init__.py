"""What is asked of tensors everywhere, and what is done to rows of features."""
