"""Text, places in it, and changes to it. Nothing here knows what any of it means."""
