"""Asking pmgpolicy as Postfix does."""


def request(**attributes):
    """The bytes of one request; attributes that are not given are those of an ordinary mail."""
    values = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
              "helo_name": "mx.sender.example", "queue_id": "", "sender": "alice@sender.example",
              "recipient": "bob@inside.test", "recipient_count": "0",
              "client_address": "198.18.25.10", "client_name": "mx.sender.example",
              "instance": "1.1.1.0", **attributes}
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    return lines.encode("utf-8", "surrogateescape") + b"\n"


class Policy:
    """A connection to a policy server in a node of the lab."""

    def __init__(self, node, port=10022):
        self.connection = node.connect("127.0.0.1", port)
        self.file = self.connection.makefile("rb")

    def send(self, data):
        """Sends bytes as they are."""
        self.connection.sendall(data)

    def answer(self):
        """The next answer's text after `action=`."""
        line, end = self.file.readline(), self.file.readline()
        assert line.startswith(b"action=") and end == b"\n", (line, end)
        return line[7:-1].decode("utf-8", "replace")

    def ask(self, **attributes):
        """One request and its answer."""
        self.send(request(**attributes))
        return self.answer()

    def close(self):
        """Hangs up."""
        self.file.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
