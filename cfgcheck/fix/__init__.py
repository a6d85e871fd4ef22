"""From what a rule wants changed to the characters of files, and onto the disk."""
