"""What became of a mail, by evidence: sinks, quarantine rows and files, Postfix's queue, logs."""

import re

from lab.wait import until

FINAL = re.compile(r"(accept mail to|block mail to|moved mail for) <(?P<to>[^>]*)>"
                   r"(?: to (?P<kind>spam|virus) quarantine -)? ?\(?(?P<id>\w*)\)?.*"
                   r"\(rule: (?P<rule>.*)\)$")
VERDICTS = {"accept mail to": "accept", "block mail to": "block", "moved mail for": "quarantine"}


class Trace:
    """All lines of the filter about one message, by its Message-ID."""

    def __init__(self, lines, message_id):
        pattern = re.compile(r"([0-9A-F]{5,25}): new mail message-id=" +
                             re.escape(message_id) + "$")
        hits = [found.group(1) for found in map(pattern.search, lines) if found]
        self.id = hits[-1] if hits else None
        self.lines = [line.partition(f"{self.id}: ")[2] for line in lines
                      if self.id and f" {self.id}: " in line]

    def first(self, pattern):
        """The first match of a pattern in the lines, or None."""
        return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)

    @property
    def score(self):
        """The spam score, or None if the mail was not analysed."""
        found = self.first(r"^SA score=(-?\d+)/")
        return int(found.group(1)) if found else None

    @property
    def milliseconds(self):
        """How long the filter had it, or None while it has."""
        found = self.first(r"^processing time: ([\d.]+) seconds")
        return round(float(found.group(1)) * 1000) if found else None

    def final(self, recipient):
        """(verdict, rule) of the line that ended it for this recipient, or (None, None)."""
        for line in self.lines:
            found = FINAL.match(line)
            if found and found.group("to") == recipient:
                return VERDICTS[found.group(1)], found.group("rule")
        return None, None

    def removed(self):
        """(file name, rule) of each attachment that the filter took out, for whomever."""
        pattern = re.compile(r"^removed attachment \S+ \('(.*)', rule: (.*)\)$")
        return [found.groups() for found in map(pattern.match, self.lines) if found]


class Evidence:
    """A look at everything at one moment."""

    def __init__(self, lab):
        self.lab = lab
        self.lines = lab.gw.log()
        self.queued = self.in_queue()
        self.kept = {kind: lab.gw.quarantine(kind) for kind in ("spam", "virus")}

    def in_queue(self):
        """(Message-ID, recipient) of everything Postfix still has."""
        ids = dict(found.groups() for found in map(
            re.compile(r"postfix/cleanup\[\d+\]: (\w+): message-id=(.*)$").search,
            self.lines) if found)
        return [(ids.get(mail["queue_id"]), recipient["address"])
                for mail in self.lab.gw.queue() for recipient in mail["recipients"]]

    def trace(self, message_id):
        """The filter's lines about it."""
        return Trace(self.lines, message_id)

    def copies(self, message_id, recipient):
        """Where copies for this recipient are: [(place, mail or kept entry; None in the queue)]."""
        found = [("inside", mail) for mail in self.lab.lan.mails(recipient, message_id)]
        found += [("outside", mail) for mail in self.lab.inet.mails(recipient, message_id)]
        for kind, quarantine in self.kept.items():
            found += [(kind, kept) for kept in quarantine.find(message_id, recipient)
                      if kept.row["status"] == "N"]
        found += [("queue", None) for pair in self.queued if pair == (message_id, recipient)]
        return found

    def place(self, message_id, recipient):
        """The same in a word: "none", a place, or several joined by plus signs."""
        places = [place for place, _ in self.copies(message_id, recipient)]
        return "+".join(places) or "none"


def notifications(lab, sample, address, where, since):
    """Mails to `address` about `sample`, by their subject, that came after the time `since`."""
    node = {"inside": lab.lan, "outside": lab.inet}[where]
    return [mail for mail in node.mails(address) if mail.time >= since
            and any(subject.endswith(sample.header("Subject"))
                    for subject in mail.header("Subject"))
            and mail.message_id != sample.message_id]


def settled(lab, samples, seconds=90):
    """Waits until the filter is done with all samples and Postfix has delivered what it got."""
    def finished():
        lines = lab.gw.log()
        return all(Trace(lines, sample.message_id).milliseconds is not None for sample in samples)

    def unfinished():
        lines = lab.gw.log()
        names = [sample.name for sample in samples
                 if Trace(lines, sample.message_id).milliseconds is None]
        return f"the filter has not finished {', '.join(names)}; queue: {lab.gw.queue()}"
    until(finished, unfinished, seconds, every=0.1)
    lab.gw.wait_queue_empty(seconds)


def without_top(mail, names):
    """A mail without the fields of these names at its top (up to the first other field)."""
    pattern = b"(?:" + b"|".join(name.encode() for name in names) + rb"):[^\n]*\n(?:[ \t][^\n]*\n)*"
    return re.sub(rb"\A(?:" + pattern + rb")*", b"", mail, flags=re.I)


def same_bytes(sent, got, incoming):
    """Is `got` what was sent, but for Received lines, and of a mail that came in one X-SPAM-LEVEL
    and one Received-SPF on top?"""
    marks = ["X-SPAM-LEVEL", "Received-SPF"]
    head = got.split(b"\r\n\r\n", 1)[0]
    counts = [len(re.findall(rb"(?im)^" + name.encode() + b":", head)) for name in marks]
    names = ["Received", *(marks if incoming else [])]
    return without_top(got, names) == sent and counts == ([1, 1] if incoming else [0, 0])


def complaints(lab, evidence, sample, sent, since=0):
    """What is not as expected.toml says, one sentence each; empty when all is well.

    `sent` are the bytes that went over the wire, CRLF, at the time `since` or later.
    """
    found = []
    trace = evidence.trace(sample.message_id)
    if sample.score and not (trace.score is not None
                             and sample.score[0] <= trace.score <= sample.score[1]):
        found.append(f"score {trace.score}, expected {sample.score[0]} to {sample.score[1]}")
    for expected in sample.fates:
        found += [f"{expected.to}: {text}"
                  for text in fate_complaints(evidence, sample, trace, expected, sent)]
    for address, where in sample.notified:
        count = len(notifications(lab, sample, address, where, since))
        if count != 1:
            found.append(f"{count} notifications to {address}, expected 1")
    return found


def fate_complaints(evidence, sample, trace, expected, sent):
    """The part of `complaints` about one recipient."""
    verdict, rule = trace.final(expected.to)
    if (verdict, rule) != (expected.verdict, expected.rule):
        yield f"{verdict} by {rule}, expected {expected.verdict} by {expected.rule}"
    copies = evidence.copies(sample.message_id, expected.to)
    place = "+".join(place for place, _ in copies) or "none"
    if place != expected.place:
        yield f"is in: {place}, expected: {expected.place}"
        return
    if not copies:
        return
    content = copies[0][1].raw
    for name in expected.removed:
        if content_has(content, name) or b"REMOVED_ATTACHMENT_" not in content:
            yield f"attachment {name} is not replaced"
    if expected.subject and f"\nsubject: {expected.subject.lower()}\n".encode() not in \
            content.replace(b"\r\n", b"\n").lower():
        yield f"has no subject {expected.subject!r}"
    if not expected.changed and not same_bytes(sent, content, sample.enters == "inet"):
        yield "is not byte for byte what was sent"


def content_has(content, filename):
    """Does the mail have an attachment of that name?"""
    return re.search(rb'(?i)(file)?name="?' + re.escape(filename.encode()), content) is not None
