"""The lab's virus signatures: EICAR, in the clear nowhere in this tree, and a text of our own."""

import base64
import os

# The EICAR test file, so that no scanner takes this source for it.
EICAR = base64.b64decode("WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1U"
                         "RVNULUZJTEUhJEgrSCo=")
OWN = b"POSTERN-LAB-TEST-" + b"VIRUS"


def lines():
    """Signatures in clamd's .ndb format: name, any file type, offset, hex bytes."""
    return [f"Eicar-Test-Signature:0:*:{EICAR.hex()}", f"Lab.Test.Body:0:*:{OWN.hex()}"]


def write(directory):
    """Puts the signature file where clamd reads it."""
    path = os.path.join(directory, "lab.ndb")
    with open(path, "w", encoding="ascii") as out:
        out.write("\n".join(lines()) + "\n")
    os.chmod(path, 0o644)
