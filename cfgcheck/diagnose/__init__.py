"""What log lines say, and which findings of a stack explain them."""
