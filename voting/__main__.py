"""`python -m voting`."""

from voting.cli import main

if __name__ == "__main__":
    main()
