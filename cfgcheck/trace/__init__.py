"""One request on its way: who takes it, what the app sees, and every limit it passes."""
