"""CPU time and memory of the programs in a lab, from /proc."""

import os

TICK = os.sysconf("SC_CLK_TCK")

# Who is who by program name. What is not listed counts as Postfix when master started it.
GROUPS = {"pmg-smtp-filter": "filter", "pmgpolicy": "policy", "clamd": "clamd",
          "postgres": "postgres", "rsyslogd": "syslog", "smtp-source": "load", "smtp-sink": "load",
          "unbound": "dns"}


class Process:
    """One line of /proc/PID/stat."""

    def __init__(self, pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            head, _, tail = stat.read().rpartition(")")
        fields = tail.split()
        self.pid, self.name = pid, head.partition("(")[2]
        self.parent = int(fields[1])
        self.ticks = sum(int(field) for field in fields[11:15])     # own, and of reaped children


def processes(pids):
    """PID -> Process, without those that are gone."""
    found = {}
    for pid in pids:
        try:
            found[pid] = Process(pid)
        except (OSError, ValueError):
            pass
    return found


def group(process, table):
    """The group a process belongs to, or None."""
    if process.name in GROUPS:
        return GROUPS[process.name]
    parent = table.get(process.parent)
    if process.name == "master" or (parent and parent.name == "master"):
        return "postfix"
    return None


def ticks(pids):
    """Group -> clock ticks used so far by its processes and those they have reaped."""
    table = processes(pids)
    used = {}
    for process in table.values():
        name = group(process, table)
        if name:
            used[name] = used.get(name, 0) + process.ticks
    return used


def spent(before, after):
    """Group -> milliseconds between two looks."""
    return {name: (after[name] - before.get(name, 0)) * 1000 / TICK for name in after}


def pss(pids, name):
    """Proportional set size in bytes of all processes called `name`, and how many they are."""
    total, count = 0, 0
    for process in processes(pids).values():
        if process.name != name:
            continue
        with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as rollup:
            total += sum(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:"))
        count += 1
    return total, count
