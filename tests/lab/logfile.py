"""A log that grows: what is asked for again and again is read once."""

import os
import re


class LogFile:
    """The lines of a file that only ever gets longer, or is begun anew."""

    def __init__(self, path):
        self.path = path
        self.begin()

    def begin(self):
        """Nothing is read yet."""
        self.offset, self.known = 0, []

    def lines(self):
        """All whole lines so far; none if there is no file."""
        try:
            with open(self.path, "rb") as file:
                if os.fstat(file.fileno()).st_size < self.offset:
                    self.begin()
                file.seek(self.offset)
                text = file.read()
        except FileNotFoundError:
            self.begin()
            return []
        text = text[:text.rfind(b"\n") + 1]
        self.offset += len(text)
        self.known += text.decode("utf-8", "replace").splitlines()
        return list(self.known)


def matching(lines, pattern):
    """Those in which the pattern is found; all without one."""
    return [line for line in lines if re.search(pattern, line)] if pattern else lines
