"""A small SMTP and LMTP client that says exactly what it is told to say."""

import re
import socket


class Reply:
    """One reply: its code, its lines without the code."""

    def __init__(self, code, lines):
        self.code, self.lines = code, lines

    @property
    def text(self):
        """The last line."""
        return self.lines[-1]

    def __repr__(self):
        return f"{self.code} {' / '.join(self.lines)}"


class Dialogue:
    """A connection that speaks SMTP or LMTP. Replies are read one by one."""

    def __init__(self, connection):
        self.connection = connection
        self.file = connection.makefile("rb")
        self.greeting = self.reply()

    def reply(self):
        """Reads one reply; ConnectionError if the server has closed."""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError(f"closed by the server after {lines}")
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            lines.append(text[4:])
            if text[3:4] != "-":
                return Reply(int(text[:3]), lines)

    def send(self, data):
        """Sends bytes as they are."""
        self.connection.sendall(data)

    def say(self, line):
        """Sends one command and reads its reply."""
        self.send(line.encode("utf-8", "surrogateescape") + b"\r\n")
        return self.reply()

    def closed(self):
        """True when the server has closed and nothing is left to read."""
        return self.file.read(1) == b""

    def close(self):
        """Hangs up without a word."""
        self.file.close()
        self.connection.close()

    def abort(self):
        """Hangs up with a reset instead of a clean end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Sent:
    """What became of one transaction on the wire."""

    def __init__(self, refused, final, finals):
        self.refused = refused      # (recipient, Reply) of RCPTs that were refused
        self.final = final          # the last reply that mattered
        self.finals = finals        # one per accepted recipient with LMTP
        self.code = final.code
        queued = re.search(r"queued as (\w+)", final.text)
        self.queue_id = queued.group(1) if queued else None

    def __repr__(self):
        return f"Sent({self.final!r}, refused {self.refused})"


def crlf(mail):
    """The same text with CRLF at all line ends, and one at the end."""
    mail = re.sub(rb"\r?\n", b"\r\n", mail)
    return mail if mail.endswith(b"\r\n") else mail + b"\r\n"


def stuff(mail):
    """The bytes as they go over the wire after DATA, final dot included."""
    return re.sub(rb"(?m)^\.", b"..", mail) + b".\r\n"


def hello(dialogue, name, lmtp):
    """EHLO or LHLO."""
    return dialogue.say(f"{'LHLO' if lmtp else 'EHLO'} {name}")


def transaction(dialogue, mail, sender, recipients, mail_parameters="", lmtp=False):
    """MAIL, RCPT, DATA. `recipients` are addresses, or (address, parameters). Returns Sent."""
    refused, accepted = [], []
    space = " " if mail_parameters else ""
    reply = dialogue.say(f"MAIL FROM:<{sender}>{space}{mail_parameters}")
    if reply.code >= 400:
        return Sent(refused, reply, [])
    for recipient in recipients:
        address, parameters = recipient if isinstance(recipient, tuple) else (recipient, "")
        space = " " if parameters else ""
        reply = dialogue.say(f"RCPT TO:<{address}>{space}{parameters}")
        if reply.code >= 400:
            refused.append((address, reply))
        else:
            accepted.append(address)
    if not accepted:
        return Sent(refused, reply, [])
    reply = dialogue.say("DATA")
    if reply.code != 354:
        return Sent(refused, reply, [])
    dialogue.send(stuff(mail))
    finals = [dialogue.reply() for _ in (accepted if lmtp else [1])]
    return Sent(refused, finals[-1], finals)
