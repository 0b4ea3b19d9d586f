"""Many numbered mails at once, and the count of what became of them: nothing may be lost."""

import collections
import itertools
import os
import threading

from lab import samples
from lab.evidence import Evidence
from lab.wait import until

NUMBERS = itertools.count(1)


class Load:
    """Mails of several kinds for one purpose; `send` may be called more than once.

    Kinds are names of samples. Only mails that the gateway took with 250 count as sent.
    """

    def __init__(self, lab, purpose, kinds=("ham",)):
        self.lab, self.purpose = lab, purpose
        known = {sample.name: sample for sample in samples.load()}
        self.kinds = [known[name] for name in kinds]
        self.sent = {}              # Message-ID -> (sample, recipients)
        self.refused = 0
        self.lock = threading.Lock()

    def send_one(self, sample):
        """Sends one mail under an id of its own. Returns the id, or None if it was not taken."""
        number = next(NUMBERS)
        message_id = f"<{self.purpose}.{number}.{os.getpid()}@sender.example>"
        node = {"inet": self.lab.inet, "lan": self.lab.lan}[sample.enters]
        try:
            answer = node.send(sample.dated(message_id), sample.to, sample.sender, sample.client)
            taken = answer.code == 250
        except OSError:
            taken = False
        with self.lock:
            if taken:
                self.sent[message_id] = (sample, sample.to)
            else:
                self.refused += 1
        return message_id if taken else None

    def send(self, count, connections=4):
        """Sends `count` mails, kinds in turn, over several connections, and returns then."""
        self.start(count, connections)()

    def start(self, count, connections=4):
        """The same in the background; returns a function that waits for the end."""
        todo = collections.deque(itertools.islice(itertools.cycle(self.kinds), count))

        def work():
            while True:
                try:
                    sample = todo.popleft()
                except IndexError:
                    return
                self.send_one(sample)
        threads = [threading.Thread(target=work, daemon=True) for _ in range(connections)]
        for thread in threads:
            thread.start()

        def join():
            for thread in threads:
                thread.join()
        return join

    def fates(self):
        """(Message-ID, recipient) -> places, by evidence; a blocked mail is in "blocked"."""
        look = Evidence(self.lab)
        found = {}
        blocked = blocked_pairs(look)
        for message_id, (_, recipients) in self.sent.items():
            for recipient in recipients:
                places = [place for place, _ in look.copies(message_id, recipient)]
                places += ["blocked"] * blocked.get((message_id, recipient), 0)
                found[message_id, recipient] = places
        return found

    def settle(self, seconds=120):
        """Waits until nothing of Postfix's queue is left."""
        self.lab.gw.wait_queue_empty(seconds)

    def account(self, duplicates=0):
        """The count. Fails if a mail is lost, or more than `duplicates` are there twice."""
        fates = self.fates()
        lost = [pair for pair, places in fates.items() if not places]
        double = {pair: places for pair, places in fates.items() if len(places) > 1}
        assert not lost, f"{len(lost)} of {len(fates)} lost: {lost[:5]}"
        assert len(double) <= duplicates, f"{len(double)} twice, allowed {duplicates}: {double}"
        return collections.Counter(place for places in fates.values() for place in places)


def blocked_pairs(look):
    """(Message-ID, recipient) -> how often the filter has logged that it blocked it."""
    ids, pairs = {}, collections.Counter()
    for line in look.lines:
        _, _, text = line.partition("pmg-smtp-filter[")
        head, _, rest = text.partition(": ")[2].partition(": ")
        if rest.startswith("new mail message-id="):
            ids[head] = rest.partition("=")[2]
        elif rest.startswith("block mail to <") and head in ids:
            pairs[ids[head], rest[len("block mail to <"):].partition(">")[0]] += 1
    return pairs


def until_taken(load, seconds=60):
    """Sends mails of the load's first kind until the gateway takes one: it works again."""
    until(lambda: load.send_one(load.kinds[0]), "the gateway does not take mail", seconds,
          every=0.2)
