"""The lab's DNS: unbound that answers for every domain in world.py and knows nothing else."""

import os

from lab import world

SILENT = 5399       # a port that takes questions and never answers

LISTEN = "import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); " \
         "s.bind(('{dns}', {port})); time.sleep(1e9)"

HEAD = """\
server:
  directory: "/etc/unbound"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: {dns}
  interface: {dns6}
  do-not-query-localhost: no
  access-control: 0.0.0.0/0 allow
  access-control: ::0/0 allow
  module-config: "iterator"
  local-zone: "." static
  local-zone: "test." nodefault
  local-zone: "example." static
"""


def configuration(dkim_record=None):
    """The text of unbound.conf."""
    lines = [HEAD.format(dns=world.DNS, dns6=world.DNS6)]
    for zone, records in world.zone_lines(dkim_record):
        lines.append(f'  local-zone: "{zone}." static\n')
        lines.extend(f"  local-data: '{record}'\n" for record in records)
    lines.append('  local-zone: "25.18.198.in-addr.arpa." static\n')
    lines.append('  local-zone: "10.in-addr.arpa." static\n')
    lines.append('  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." static\n')
    lines.append('  local-zone: "113.0.203.in-addr.arpa." static\n')
    lines.extend(f'  local-data-ptr: "{address} {name}."\n'
                 for address, name in world.POINTERS.items())
    lines.append(f'  local-zone: "{world.SLOW}." transparent\n')
    lines.append(f'stub-zone:\n  name: "{world.SLOW}."\n  stub-addr: {world.DNS}@{SILENT}\n')
    lines.append("remote-control:\n  control-enable: no\n")
    return "".join(lines)


def start(node, dkim_record=None):
    """Starts unbound in the node and waits until it answers."""
    text = configuration(dkim_record)
    node.exec(["tee", "/etc/unbound/unbound.conf"], stdin=text)
    node.exec(["unbound-checkconf", "/etc/unbound/unbound.conf"])
    node.start(["/usr/bin/python3", "-c", LISTEN.format(dns=world.DNS, port=SILENT)],
               os.path.join(node.directory, "silent.log"))
    process = node.start(["unbound", "-d", "-c", "/etc/unbound/unbound.conf"],
                         os.path.join(node.directory, "unbound.log"))
    node.wait_port(53, world.DNS)
    return process
