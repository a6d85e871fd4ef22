"""cfgcheck's own settings: ``[tool.cfgcheck]`` in pyproject.toml, or ``cfgcheck.toml``."""

from cfgcheck.settings.find import load_settings
from cfgcheck.settings.model import AppDeclaration, Choice, Settings, SettingsError, StackDeclaration

__all__ = ["AppDeclaration", "Choice", "Settings", "SettingsError", "StackDeclaration", "load_settings"]
