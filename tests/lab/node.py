"""One node of the lab as seen from outside: run something in it, connect from it."""

import ctypes
import os
import shlex
import socket
import subprocess
import threading

from lab import smtp, world
from lab.store import Store
from lab.wait import until

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Failed(AssertionError):
    """A command in a node ended with an error; the message has its output."""


class Done:
    """A command that has ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


class Node:
    """A node by name; `pid` is its holder as seen from outside the lab."""

    def __init__(self, name, pid, directory, environment=None):
        self.name, self.pid, self.directory = name, pid, directory
        self.environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/root",
                            **(environment or {})}

    def command(self, words):
        """The command line that runs `words` inside."""
        pairs = [f"{name}={value}" for name, value in self.environment.items()]
        return ["nsenter", "--target", str(self.pid), "--mount", "--uts", "--net", "--pid",
                "--wd=/", "env", "-i", *pairs, *words]

    def exec(self, words, check=True, stdin=None, seconds=120):
        """Runs a command to its end. Output is text; Failed if `check` and the status is not 0."""
        words = shlex.split(words) if isinstance(words, str) else list(words)
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(self.command(words), input=data or b"", capture_output=True,
                              timeout=seconds, check=False)
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        if check and done.returncode != 0:
            raise Failed(f"{self.name}: {shlex.join(words)}: status {done.returncode}\n{out}{err}")
        return Done(done.returncode, out, err)

    def start(self, words, log):
        """Starts a program that stays in the foreground, in its own session, output to `log`."""
        with open(log, "ab") as out:
            return subprocess.Popen(self.command(words), stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=out, start_new_session=True)

    def interactive(self, words):
        """Replaces this process by `words` inside the node, on the caller's terminal."""
        self.environment["TERM"] = os.environ.get("TERM", "dumb")
        command = self.command(words)
        os.execvp(command[0], command)

    def socket(self, family=socket.AF_INET):
        """A TCP socket that lives in the node's network; this process stays where it is.

        Namespaces belong to threads, so a thread goes there, makes the socket and ends.
        """
        made = []

        def make():
            with open(f"/proc/{self.pid}/ns/net", "rb") as namespace:
                if LIBC.setns(namespace.fileno(), CLONE_NEWNET) == 0:
                    made.append(socket.socket(family, socket.SOCK_STREAM))
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if not made:
            raise OSError(f"cannot enter the network of {self.name}")
        return made[0]

    def connect(self, address, port, source=None, seconds=30):
        """Connects from this node."""
        connection = self.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        connection.settimeout(seconds)
        if source:
            connection.bind((source, 0))
        connection.connect((address, port))
        return connection

    def dialogue(self, address, port, source=None, seconds=30):
        """Connects and reads the greeting."""
        return smtp.Dialogue(self.connect(address, port, source, seconds))

    def listening(self, port, address="127.0.0.1"):
        """Does somebody accept connections there?"""
        try:
            self.connect(address, port, seconds=5).close()
        except OSError:
            return False
        return True

    def wait_port(self, port, address="127.0.0.1", seconds=30):
        """Waits until somebody accepts connections."""
        until(lambda: self.listening(port, address),
              f"nobody listens on {address}:{port} in {self.name}", seconds)


class MailNode(Node):
    """A node with a sender and a sink: the outside, or the inside network."""

    def __init__(self, name, pid, directory, environment=None):
        super().__init__(name, pid, directory, environment)
        self.store = Store(directory)
        outside = name == "inet"
        self.own = world.MX_OUTSIDE if outside else world.MX_INSIDE
        self.gateway = world.GATEWAY if outside else world.GATEWAY_INSIDE
        self.port = 25 if outside else 26
        self.helo = f"mx.{world.OUTSIDE}" if outside else f"mail.{world.DOMAIN}"

    def send(self, mail, to, sender=None, client=None, mail_parameters="", port=None, helo=None,
             gateway=None):
        """Sends one mail to the gateway. Line ends become CRLF. Returns smtp.Sent.

        `to` is an address or a list of them; `client` is the address that the mail comes from.
        """
        if sender is None:
            sender = f"alice@{world.OUTSIDE}" if self.name == "inet" else f"bob@{world.DOMAIN}"
        recipients = [to] if isinstance(to, (str, tuple)) else list(to)
        where = (gateway or self.gateway, port or self.port, client or self.own)
        with self.dialogue(*where) as dialogue:
            smtp.hello(dialogue, helo or self.helo, lmtp=False)
            return smtp.transaction(dialogue, smtp.crlf(mail), sender, recipients, mail_parameters)

    def sink(self, name, address, port):
        """Starts another mail server here; returns its Store, whose behave(up=False) ends it."""
        directory = f"{self.directory}/{name}"
        os.makedirs(f"{directory}/mails", exist_ok=True)
        self.start(["/usr/bin/python3", "-m", "lab.sink", directory, address, str(port)],
                   f"{directory}.log")
        self.wait_port(port, address)
        return Store(directory)

    def mails(self, recipient=None, message_id=None):
        """What this node's mail server has received, see Store.mails."""
        return self.store.mails(recipient, message_id)

    def wait(self, recipient=None, message_id=None, count=1, seconds=20):
        """See Store.wait."""
        return self.store.wait(recipient, message_id, count, seconds)

    def behave(self, **behaviour):
        """See Store.behave."""
        self.store.behave(**behaviour)
