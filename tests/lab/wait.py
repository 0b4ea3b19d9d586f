"""Waiting for something that will happen, with a deadline, never for a length of time."""

import time


class Late(AssertionError):
    """What was waited for did not happen in time."""


def until(look, what, seconds=20, every=0.02):
    """Calls `look` until it returns something true, and returns that; Late names `what` otherwise.

    `what` may be a function: it is asked at the end only, so it may gather evidence.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= deadline:
            text = what() if callable(what) else what
            raise Late(f"not within {seconds} s: {text}")
        time.sleep(every)
