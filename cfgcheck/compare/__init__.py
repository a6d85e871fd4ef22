"""What differs between two versions of a stack: in effect, not in text."""
