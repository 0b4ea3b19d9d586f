"""Waiting for something that will happen, with a deadline, never for a length of time."""

import os
import time

# How many others share the machine: each wait may last that many times as long.
PATIENCE = int(os.environ.get("PMG_LAB_PATIENCE", "1"))


class Late(AssertionError):
    """What was waited for did not happen in time."""


def until(look, what, seconds=20, every=0.02):
    """Calls `look` until it returns something true, and returns that; Late names `what` otherwise.

    `seconds` are those of a machine of its own. `what` may be a function: it is asked at the end
    only, so it may gather evidence.
    """
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= deadline:
            text = what() if callable(what) else what
            raise Late(f"not within {seconds} s: {text}")
        time.sleep(every)
