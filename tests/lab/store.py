"""Reading what a sink has kept, and telling it how to behave."""

import json
import os
import socket

from lab.wait import until


class Mail:
    """One mail as the sink received it."""

    def __init__(self, base):
        with open(f"{base}.json", encoding="utf-8") as record:
            self.envelope = json.load(record)
        self.path = f"{base}.eml"
        self.sender = self.envelope["sender"]
        self.recipients = [address for address, _ in self.envelope["to"]]
        self.time = self.envelope["time"]

    @property
    def raw(self):
        """The bytes as received, lines ended by CRLF."""
        with open(self.path, "rb") as mail:
            return mail.read()

    def header(self, name):
        """All values of a header field, unfolded, in order."""
        values, current = [], None
        for line in self.raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n"):
            if line[:1] in (b" ", b"\t"):
                if current is not None:
                    values[current] += line
                continue
            field, _, value = line.partition(b":")
            current = None
            if field.strip().lower() == name.lower().encode():
                current = len(values)
                values.append(value.strip())
        return [value.decode("utf-8", "replace") for value in values]

    @property
    def message_id(self):
        """The Message-ID with its brackets; empty if there is none."""
        return (self.header("Message-ID") or [""])[-1]


class Store:
    """The mails below a sink's directory. A mail once read is not read again."""

    def __init__(self, directory):
        self.directory = directory
        self.known = {}

    def mails(self, recipient=None, message_id=None):
        """All mails so far, oldest first; only those to `recipient` or of that id, if given."""
        for name in sorted(os.listdir(f"{self.directory}/mails")):
            if name.endswith(".json") and name not in self.known:
                self.known[name] = Mail(f"{self.directory}/mails/{name[:-5]}")
        found = [self.known[name] for name in sorted(self.known)]
        if recipient is not None:
            found = [mail for mail in found if recipient in mail.recipients]
        if message_id is not None:
            found = [mail for mail in found if mail.message_id == message_id]
        return found

    def wait(self, recipient=None, message_id=None, count=1, seconds=20):
        """Waits until there are `count` such mails and returns them."""
        def enough():
            found = self.mails(recipient, message_id)
            return found if len(found) >= count else None
        return until(enough, lambda: f"{count} mails to {recipient} {message_id or ''} in "
                     f"{self.directory}, there are {len(self.mails(recipient, message_id))}",
                     seconds)

    def behave(self, **behaviour):
        """Sets the sink's behaviour (sink.DEFAULTS lists the keys); without keys back to normal."""
        directory = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX) as control:
                control.settimeout(10)
                control.connect(f"/proc/self/fd/{directory}/control")
                control.sendall(json.dumps(behaviour).encode() + b"\n")
                control.makefile().readline()
        finally:
            os.close(directory)
