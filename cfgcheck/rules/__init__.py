"""The rule engine: what a rule is, how it is read, and how a stack is judged by all of them."""
