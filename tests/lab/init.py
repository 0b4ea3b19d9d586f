"""Process 1 of the lab: makes the nodes and the wires between them, then reaps.

Started by lab.py as root in fresh mount and process namespaces:

    unshare --mount --pid --fork --kill-child --mount-proc python3 -m lab.init DIRECTORY

Each node is a process with its own network, mount and host name namespace. When process 1 goes,
the kernel ends everything in the lab, and with the last process all mounts and links are gone.
Writes DIRECTORY/ready when the nodes are up, one line `NODE PID` each (PIDs as seen in the lab).
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys

from lab import mounts, world

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWNET = 0x00020000, 0x04000000, 0x40000000
PR_SET_NAME = 15
LIBC = ctypes.CDLL(None, use_errno=True)


def ip(pid, *words):
    """Runs ip(8) in the network namespace of a node."""
    subprocess.run(["nsenter", "-t", str(pid), "-n", "ip", *words], check=True)


def node_main(name, directory, ready):
    """Becomes a node: separates, arranges its file systems, reports, waits to be killed."""
    if LIBC.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    LIBC.prctl(PR_SET_NAME, f"lab-{name}".encode())
    socket.sethostname(world.HOSTNAMES[name])
    mounts.arrange(name, directory)
    os.write(ready, b"+")
    os.close(ready)
    while True:
        signal.pause()


def start_node(name, directory):
    """Forks one node and waits until it has arranged itself. Returns its PID."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            node_main(name, directory, writer)
        finally:
            os._exit(1)
    os.close(writer)
    if os.read(reader, 1) != b"+":
        raise SystemExit(f"lab: node {name} did not come up")
    os.close(reader)
    return pid


def wire(pids, outside, inside):
    """One veth pair from the gateway to the node `outside`; `inside` is its name at the gateway."""
    ip(pids["gw"], "link", "add", inside, "type", "veth", "peer", "name", "eth0",
       "netns", str(pids[outside]))


def address(pid, link, addresses):
    """Gives a link its addresses and switches it on."""
    for number in addresses:
        length = ["64", "nodad"] if ":" in number else ["24"]
        ip(pid, "addr", "add", f"{number}/{length[0]}", "dev", link, *length[1:])
    ip(pid, "link", "set", link, "up")


def connect(pids):
    """All links of the lab."""
    for pid in pids.values():
        ip(pid, "link", "set", "lo", "up")
    wire(pids, "inet", "outside")
    wire(pids, "lan", "inside")
    address(pids["gw"], "outside", [world.GATEWAY, world.GATEWAY6])
    address(pids["gw"], "inside", [world.GATEWAY_INSIDE, world.GATEWAY6_INSIDE])
    address(pids["inet"], "eth0", world.ADDRESSES["inet"])
    address(pids["lan"], "eth0", world.ADDRESSES["lan"])
    ip(pids["gw"], "route", "add", "203.0.113.0/24", "dev", "outside")
    ip(pids["lan"], "route", "add", "default", "via", world.GATEWAY_INSIDE)


def reap():
    """What process 1 is for: collect the children that daemons leave behind."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            signal.pause()


def main(directory):
    """Builds the lab and stays."""
    os.umask(0o022)
    pids = {name: start_node(name, directory) for name in ("inet", "gw", "lan")}
    connect(pids)
    with open(f"{directory}/ready.new", "w", encoding="ascii") as out:
        out.writelines(f"{name} {pid}\n" for name, pid in pids.items())
    os.rename(f"{directory}/ready.new", f"{directory}/ready")
    reap()


if __name__ == "__main__":
    main(sys.argv[1])
