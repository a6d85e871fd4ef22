"""From the disk to a Stack: find files, resolve includes, turn trees into the model, join the ends."""
