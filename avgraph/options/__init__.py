"""What every declared component is made of: strict options, paths, files, mistakes in a user's words. No torch."""
