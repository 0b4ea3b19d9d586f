"""Processes of a lab as the machine sees them."""

import os


def namespaces_of(pid):
    """PID -> its number inside, of all processes in the PID namespace of `pid`."""
    space = os.readlink(f"/proc/{pid}/ns/pid")
    inside = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{name}/ns/pid") != space:
                continue
            with open(f"/proc/{name}/status", encoding="utf-8", errors="replace") as status:
                numbers = [line.split()[-1] for line in status if line.startswith("NSpid:")]
        except OSError:
            continue
        inside[int(name)] = int(numbers[0])
    return inside


def start_time(pid):
    """When a process started, in ticks: with the PID it names one process for good."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        return stat.read().rpartition(")")[2].split()[19]


def children(pid):
    """The PIDs of a process's children; the empty set when it is gone."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return set(map(int, file.read().split()))
    except OSError:
        return set()
