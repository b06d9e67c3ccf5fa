"""The pages, and under `generator` what makes further ones for the site."""
