"""For the first days only: main.cf and master.cf by hand, until pmgconfig writes them."""

from lab import world

MAIN = f"""\
compatibility_level = 3.6
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
data_directory = /var/lib/postfix
mail_name = Proxmox
myhostname = {world.GATEWAY_NAME}
mynetworks = 127.0.0.0/8, 10.9.0.0/24
relay_domains = {world.DOMAIN}
relay_transport = smtp:[{world.MX_INSIDE}]:25
content_filter = scan:127.0.0.1:10024
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
alias_maps =
alias_database =
postscreen_greet_wait = 1s
smtp_line_length_limit = 0
postscreen_access_list = permit_mynetworks
postscreen_greet_action = enforce
scan_destination_recipient_limit = 1000
smtputf8_enable = yes
"""
EXTRA = """\
25 inet n - n - 1 postscreen
26 inet n - n - - smtpd
  -o content_filter=scan:127.0.0.1:10023
scan unix - - n - 20 lmtp
  -o lmtp_send_xforward_command=yes -o lmtp_line_length_limit=0
smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
127.0.0.1:10025 inet n - n - - smtpd
  -o content_filter= -o mynetworks=127.0.0.0/8 -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8 -o local_header_rewrite_clients=
"""


def configure(gateway):
    """Writes main.cf and master.cf."""
    proto = gateway.read("/etc/postfix/master.cf.proto").decode().splitlines()
    kept = [line for line in proto if not line.startswith("smtp      inet")]
    gateway.write("/etc/postfix/main.cf", MAIN)
    gateway.write("/etc/postfix/master.cf", "\n".join(kept) + "\n" + EXTRA)
    gateway.exec(["postconf", "-F", "*/*/chroot = n"])
