"""Picture stamps over backgrounds, with recordings of what they show."""
