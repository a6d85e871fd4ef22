"""From existing configuration to a spec: what can be carried over, and what can't, with its place."""
