"""What cfgcheck says: for people (text) and for programs (JSON, SARIF, workflow commands)."""
