"""Ratings of items by users, published and your own."""
