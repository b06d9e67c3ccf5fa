"""One step of every loss on 1, 2 and 4 processes, and what a step costs."""
