"""`python -m hwsim`."""

from hwsim.cli.main import main

main()
