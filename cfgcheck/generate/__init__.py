"""From one spec to all the files of a deployment, and from files back to a spec."""
