"""What a node sees of the machine: everything, read-only, with private places laid over it.

The gateway gets its own /etc, /var, /run, /root, /tmp and /dev and a /usr with our programs in it.
Places with much data (PostgreSQL, queues, spool, logs) are plain directories below the lab's
directory, so fsync means what it says; small changes go to a tmpfs that ends with the lab.
"""

import os
import subprocess

from lab import world

HOLD = "/mnt"     # where the lab's own directory is seen while a node is arranged
DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
         "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"}

# Gateway places that start empty (but for sets: see kept_sets()), on the disk of the checkout: path
# below the lab's gw/
EMPTY = {"/var/lib/postgresql": "postgresql", "/etc/postgresql": "postgresql-etc",
         "/var/spool/postfix": "postfix-spool", "/var/lib/postfix": "postfix-lib",
         "/var/spool/pmg": "spool", "/var/log": "log", "/var/lib/clamav": "clamav",
         "/etc/pmg": "etc-pmg", "/var/cache/pmg-smtp-filter": "sets"}


def run(*command):
    """Runs one command; a failure ends the node with the command in the message."""
    subprocess.run(command, check=True)


def bind(source, target):
    """Shows `source` at `target`."""
    run("mount", "--bind", source, target)


def overlay(target, scratch, *extra):
    """Lays a writable layer, and read-only ones of ours, over `target`."""
    name = target.strip("/").replace("/", "-")
    upper, work = f"{scratch}/{name}.upper", f"{scratch}/{name}.work"
    os.makedirs(upper)
    os.makedirs(work)
    mode = os.stat(target)
    os.chmod(upper, mode.st_mode & 0o7777)
    lower = ":".join([layer for layer in extra if os.path.isdir(layer)] + [target])
    run("mount", "-t", "overlay", "overlay", "-o",
        f"lowerdir={lower},upperdir={upper},workdir={work}", target)


def private_dev(scratch):
    """A /dev of the node's own, so that /dev/log is not the machine's."""
    dev = f"{scratch}/dev"
    os.makedirs(dev)
    run("mount", "-t", "tmpfs", "-o", "mode=755,size=1m", "dev", dev)
    for name in DEVICES:
        with open(f"{dev}/{name}", "wb"):
            pass
        bind(f"/dev/{name}", f"{dev}/{name}")
    for name, target in LINKS.items():
        os.symlink(target, f"{dev}/{name}")
    os.mkdir(f"{dev}/pts")
    run("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "devpts", f"{dev}/pts")
    os.mkdir(f"{dev}/shm", 0o1777)
    run("mount", "-t", "tmpfs", "-o", "mode=1777,size=512m", "shm", f"{dev}/shm")
    run("mount", "--move", dev, "/dev")


def private_tmp(node_dir):
    """An own /tmp. A checkout that lies below the machine's one is covered by it."""
    os.makedirs(f"{node_dir}/tmp", exist_ok=True)
    os.chmod(f"{node_dir}/tmp", 0o1777)
    bind(f"{node_dir}/tmp", "/tmp")


def scratch_space(node_dir):
    """The tmpfs that takes the upper layers."""
    path = f"{node_dir}/scratch"
    os.makedirs(path, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "scratch", path)
    return path


def write(path, text):
    """Writes a small file of the node."""
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def host_files(fqdn, address):
    """The files by which a machine knows its own name and its DNS."""
    host, _, domain = fqdn.partition(".")
    write("/etc/hostname", f"{host}\n")
    write("/etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n{address} {fqdn} {host}\n")
    if os.path.islink("/etc/resolv.conf"):
        os.unlink("/etc/resolv.conf")
    write("/etc/resolv.conf", f"search {domain}\nnameserver {world.DNS}\n")


def empty_places(node_dir):
    """Binds the directories of EMPTY; a place that the machine does not have is created first."""
    for target, name in EMPTY.items():
        source = f"{node_dir}/{name}"
        os.makedirs(source, exist_ok=True)
        os.makedirs(target, exist_ok=True)
        bind(source, target)


def kept_sets(directory):
    """Compiled sets of spam rules take a minute to make: all labs of a checkout share them."""
    kept, place = f"{directory}/../../sets", f"{directory}/gw/sets"
    os.makedirs(kept, exist_ok=True)
    os.makedirs(place, exist_ok=True)
    bind(kept, place)


def arrange_gateway(node_dir, stage):
    """Everything the gateway may write to, then the rest of the machine read-only."""
    scratch = scratch_space(node_dir)
    overlay("/etc", scratch, f"{stage}/etc")
    overlay("/var", scratch, f"{stage}/var")
    overlay("/root", scratch)
    overlay("/usr", scratch, f"{stage}/usr")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run")
    os.makedirs("/run/lock", exist_ok=True)
    empty_places(node_dir)
    private_tmp(node_dir)
    private_dev(scratch)
    host_files(world.GATEWAY_NAME, world.GATEWAY)
    run("mount", "-o", "remount,bind,ro", "/")


def arrange_plain(name, node_dir):
    """The other nodes only need an /etc with their own name and DNS, and a /run."""
    scratch = scratch_space(node_dir)
    overlay("/etc", scratch)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run")
    fqdn = f"mx.{world.OUTSIDE}" if name == "inet" else f"mail.{world.DOMAIN}"
    host_files(fqdn, world.ADDRESSES[name][-1])


def arrange(name, directory):
    """Called by each node once, in its own mount namespace."""
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    os.makedirs(f"{directory}/{name}", exist_ok=True)
    if name == "gw":
        kept_sets(directory)
    # A checkout may lie below a place that is covered on the way: /root, /var, /tmp.
    run("mount", "--rbind", directory, HOLD)
    if name == "gw":
        arrange_gateway(f"{HOLD}/{name}", f"{HOLD}/stage")
    else:
        arrange_plain(name, f"{HOLD}/{name}")
    run("umount", "--lazy", HOLD)
