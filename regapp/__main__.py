"""`python -m regapp` is the command `regapp`."""

from regapp.cli import main

if __name__ == "__main__":
    main()
