"""The command line as a module: `python -m shangyou.faces.demo.shell ARGUMENTS` is `shangyou ARGUMENTS`, even where
the script of that name is not on the path.
"""

from __future__ import annotations

from shangyou.faces.cli import main

if __name__ == "__main__":
    main()
