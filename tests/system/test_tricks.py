"""Every MIME trick with a virus in it, before the filter and the real clamd.

They go straight to the filter: Postfix would repair some of them first (a line that is no field
ends its header), and others come to us from inside or from other mail servers.
"""

import os
import re
import sys

from lab import smtp

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "mime"))
import tricks  # noqa: E402 (the path must be set first)

FOUND = re.compile(r"([0-9A-F]{5,25}): virus detected: Eicar-Test-Signature\S* \(clamav\)$")
ANSWER = re.compile(r"250 2\.5\.0 OK \(([0-9A-F]+)\)")
BATCH = 10      # mails on one connection


def send(lab, mails):
    """Hands the mails to the filter and returns its id of each."""
    ids = []
    for i in range(0, len(mails), BATCH):
        with lab.gw.dialogue("127.0.0.1", 10024) as dialogue:
            smtp.hello(dialogue, "test", lmtp=True)
            for mail in mails[i:i + BATCH]:
                sent = smtp.transaction(dialogue, smtp.crlf(mail), "alice@sender.example",
                                        ["bob@inside.test"], lmtp=True)
                answer = ANSWER.match(str(sent.final))
                ids.append(answer.group(1) if answer else repr(sent))
    return ids


def test_the_virus_is_found_in_every_trick(lab, letter):
    heads = [letter("trick").text.partition(b"\n\n")[0] + b"\n" for _ in tricks.ALL]
    ids = send(lab, [head + trick.mail for head, trick in zip(heads, tricks.ALL)])
    lab.gw.wait_log(f"{ids[-1]}: processing time")
    found = {hit.group(1) for hit in map(FOUND.search, lab.gw.log()) if hit}
    missed = [(trick.name, id) for trick, id in zip(tricks.ALL, ids) if id not in found]
    assert not missed, f"{len(missed)} of {len(ids)}: {missed}"


def test_a_text_is_no_trick(lab, letter):
    before = len(lab.gw.log())
    mail = letter("no trick", headers=tricks.TEXT.decode().split("\n")[:1])
    send(lab, [mail.text])
    assert not any(map(FOUND.search, lab.gw.log()[before:]))
