"""``python -m audioclf``: the command line."""

from audioclf.cli import main

if __name__ == "__main__":
    main()
