"""The sample mails and what is expected of them (samples/expected.toml)."""

import email.utils
import os
import tomllib

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PLACE = f"{ROOT}/samples"


class Expected:
    """What must become of a sample for one recipient; absent keys are not checked."""

    def __init__(self, table):
        self.to, self.verdict = table["to"], table["verdict"]
        self.rule, self.place = table["rule"], table["place"]
        self.removed = table.get("removed", [])
        self.changed = table.get("changed", True)
        self.subject = table.get("subject")


class Sample:
    """One mail: its text, its envelope, its fates."""

    def __init__(self, table):
        self.file, self.sender, self.to = table["file"], table["from"], table["to"]
        self.name = self.file.removesuffix(".eml")
        self.enters, self.client = table["enters"], table.get("client")
        self.score = table.get("score")
        self.notified = [tuple(pair) for pair in table.get("notified", [])]
        self.fates = [Expected(fate) for fate in table["fate"]]
        with open(f"{PLACE}/{self.file}", "rb") as mail:
            self.text = mail.read()

    def header(self, name):
        """The value of a header field of one line."""
        for line in self.text.decode("utf-8", "replace").splitlines():
            if line.lower().startswith(name.lower() + ":"):
                return line.partition(":")[2].strip()
        return ""

    @property
    def message_id(self):
        """With its brackets."""
        return self.header("Message-ID")

    def dated(self, message_id=None):
        """The mail as it is sent: with today's date on top; under another id, if given."""
        text = self.text
        if message_id:
            text = text.replace(self.message_id.encode(), message_id.encode(), 1)
        return f"Date: {email.utils.formatdate(localtime=True)}\n".encode() + text

    def send(self, lab):
        """Sends it from where it comes from. Returns (smtp.Sent, the bytes that were sent)."""
        mail = self.dated()
        node = {"inet": lab.inet, "lan": lab.lan}[self.enters]
        return node.send(mail, self.to, self.sender, self.client), mail


def load():
    """All samples in the order of expected.toml."""
    with open(f"{PLACE}/expected.toml", "rb") as file:
        return [Sample(table) for table in tomllib.load(file)["mail"]]


def rules():
    """The SQL that adds the samples' own rule."""
    with open(f"{PLACE}/rules.sql", encoding="utf-8") as file:
        return file.read()
