"""The `hwsim` command, one module per group of verbs."""
