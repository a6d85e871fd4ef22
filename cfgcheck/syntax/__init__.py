"""One module a language: text to located trees. No meaning yet, and no disk."""
