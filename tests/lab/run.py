"""`make run`: sends the samples through a fresh lab and shows what became of them."""

import signal

from lab import evidence, samples, smtp
from lab.lab import Lab

HEAD = ("sample", "recipient", "verdict", "score", "rule", "where it is now", "ms")
PLACES = {"inside": "inside mail server", "outside": "outside mail server", "none": "nowhere",
          "spam": "spam quarantine", "virus": "virus quarantine", "queue": "Postfix queue"}

HELP = """
The lab stays up until you press Ctrl-C. To look around, in another terminal:

  tools/lab --name {name} shell gw                        a shell on the gateway
  tools/lab --name {name} exec gw pmgdb dump              its rules
  tools/lab --name {name} exec gw psql Proxmox_ruledb     its database
  tools/lab --name {name} exec gw postqueue -p            its queue
  {logs}/mail.log       its log
  {inside}     what the inside server received
"""


def add_rules(lab):
    """Enters the samples' own rule and makes the filter load it."""
    lab.gw.sql(samples.rules())
    lab.gw.filter("reload")


def send_all(lab, mails):
    """Sends every sample; returns name -> bytes that were sent. A refusal ends the run."""
    sent = {}
    for sample in mails:
        answer, mail = sample.send(lab)
        if answer.code != 250 or answer.refused:
            raise SystemExit(f"{sample.name} was refused: {answer}")
        sent[sample.name] = smtp.crlf(mail)
    return sent


def rows(look, mails):
    """The table's rows."""
    for sample in mails:
        trace = look.trace(sample.message_id)
        for expected in sample.fates:
            verdict, rule = trace.final(expected.to)
            places = look.place(sample.message_id, expected.to).split("+")
            where = " and ".join(PLACES[place] for place in places)
            gone = [name for name, _ in trace.removed() if name in expected.removed]
            if gone:
                where += f", without {', '.join(gone)}"
            score = "-" if trace.score is None else str(trace.score)
            yield (sample.name, expected.to, verdict or "?", score, rule or "?", where,
                   str(trace.milliseconds))


def table(lines):
    """Columns as wide as they need to be."""
    lines = [HEAD, *lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    right = {HEAD.index("score"), HEAD.index("ms")}
    for line in lines:
        print("  ".join(cell.rjust(width) if i in right else cell.ljust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())


def show(name, build, once):
    """The whole run; returns the exit status."""
    print("Starting the lab: outside, gateway, inside ...", flush=True)
    lab = Lab.up(name, build)
    try:
        add_rules(lab)
        mails = samples.load()
        sent = send_all(lab, mails)
        evidence.settled(lab, mails)
        look = evidence.Evidence(lab)
        table(list(rows(look, mails)))
        wrong = [f"{sample.name}: {text}" for sample in mails
                 for text in evidence.complaints(lab, look, sample, sent[sample.name])]
        print("\n" + ("\n".join(["Not as expected:", *wrong]) if wrong
                      else f"All {len(mails)} mails met their expected fate."), flush=True)
        if not once:
            stay(lab)
        return 1 if wrong else 0
    finally:
        lab.down()


def stay(lab):
    """Says how to look around and waits for Ctrl-C."""
    print(HELP.format(name=lab.name, logs=f"{lab.directory}/gw/log",
                      inside=f"{lab.directory}/lan/mails"), flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()
