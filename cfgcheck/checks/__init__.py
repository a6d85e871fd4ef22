"""The few predicates that need Python, one a file; ``docs/rule-language.md`` describes the contract."""
