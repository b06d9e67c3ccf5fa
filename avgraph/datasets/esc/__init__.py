"""ESC-10 and ESC-50 (Piczak, ACM Multimedia 2015), in folds and for zero-shot retrieval."""
