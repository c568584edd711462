"""A child for the tests of the demo's processes: says who it is, then repeats what it hears."""

from __future__ import annotations

import json
import os
import sys

if __name__ == "__main__":
    sys.stdout.write(json.dumps({"process": os.getpid()}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps({"heard": line.rstrip("\n")}) + "\n")
        sys.stdout.flush()
