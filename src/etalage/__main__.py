"""`python -m etalage` is the same as `etalage`."""

from etalage.cli import main

main()
