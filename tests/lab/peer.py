"""A second Postfix, on the outside node: the mail server of somebody else, as most of them are."""

import os

from lab import world

# Where it takes mail from us: not the address of the sink, or it would see a loop there.
ADDRESS, PORT = world.SPAMMER, 2600

MAIN = """\
compatibility_level = 3.6
queue_directory = {place}/queue
data_directory = {place}/data
maillog_file = {place}/maillog
maillog_file_prefixes = {place}
myhostname = mx.{outside}
mydestination =
inet_interfaces = {here}
inet_protocols = ipv4
smtp_bind_address = {own}
mynetworks = 127.0.0.0/8 198.18.25.0/24
smtpd_relay_restrictions = permit_mynetworks, reject
relayhost = [{gateway}]:25
transport_maps = inline:{{{{{outside}=smtp:[{own}]:25}}}}
smtp_tls_security_level = may
smtp_tls_loglevel = 1
alias_maps =
minimal_backoff_time = 1h
"""

MASTER = """\
{port}     inet  n  -  n  -     -  smtpd
pickup     unix  n  -  n  60    1  pickup
cleanup    unix  n  -  n  -     0  cleanup
qmgr       unix  n  -  n  300   1  qmgr
tlsmgr     unix  -  -  n  1000? 1  tlsmgr
rewrite    unix  -  -  n  -     -  trivial-rewrite
bounce     unix  -  -  n  -     0  bounce
defer      unix  -  -  n  -     0  bounce
trace      unix  -  -  n  -     0  bounce
verify     unix  -  -  n  -     1  verify
flush      unix  n  -  n  1000? 0  flush
proxymap   unix  -  -  n  -     -  proxymap
smtp       unix  -  -  n  -     -  smtp
relay      unix  -  -  n  -     -  smtp
showq      unix  n  -  n  -     -  showq
error      unix  -  -  n  -     -  error
retry      unix  -  -  n  -     -  error
discard    unix  -  -  n  -     -  discard
scache     unix  -  -  n  -     1  scache
anvil      unix  -  -  n  -     1  anvil
postlog    unix-dgram n - n -   1  postlogd
"""


class Peer:
    """The instance; its files are below the node's directory."""

    def __init__(self, node):
        self.node, self.place = node, f"{node.directory}/peer"
        self.conf = f"{self.place}/conf"

    def start(self):
        """Writes its configuration and starts it."""
        for name in ("conf", "queue", "data"):
            os.makedirs(f"{self.place}/{name}", exist_ok=True)
        names = {"place": self.place, "outside": world.OUTSIDE, "own": world.MX_OUTSIDE,
                 "here": ADDRESS, "gateway": world.GATEWAY, "port": PORT}
        for name, text in (("main.cf", MAIN), ("master.cf", MASTER)):
            with open(f"{self.conf}/{name}", "w", encoding="ascii") as file:
                file.write(text.format(**names))
        self.node.exec(["chown", "postfix", f"{self.place}/data"])
        self.node.exec(["postfix", "-c", self.conf, "start"])
        self.node.wait_port(PORT, ADDRESS)

    def stop(self):
        """Ends it."""
        self.node.exec(["postfix", "-c", self.conf, "stop"], check=False)

    def send(self, mail, to, **envelope):
        """Gives it a mail to relay, see MailNode.send()."""
        return self.node.send(mail, to, gateway=ADDRESS, port=PORT, **envelope)

    def flush(self):
        """It tries again now."""
        self.node.exec(["postqueue", "-c", self.conf, "-f"])

    def log(self):
        """What it says about it."""
        with open(f"{self.place}/maillog", encoding="utf-8", errors="replace") as file:
            return file.read()
