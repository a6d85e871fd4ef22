"""Generators of the data tables; none of them is needed to run cfgcheck."""
