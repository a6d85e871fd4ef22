"""The typed model of a stack: pure data, no disk, no judgement."""
