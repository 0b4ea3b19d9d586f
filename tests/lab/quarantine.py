"""What is in a quarantine: rows of the database together with the files they name."""

import email
import email.policy
import os

TYPES = {"spam": "S", "virus": "V", "attachment": "A"}
QUERY = """\
SELECT m.cid, m.rid, m.time, m.bytes, m.spamlevel, m.info, m.sender, m.header, m.file,
       r.pmail, coalesce(r.receiver, r.pmail) AS receiver, r.ticketid, r.status
  FROM cmailstore m JOIN cmsreceivers r ON r.cmailstore_cid = m.cid AND r.cmailstore_rid = m.rid
 WHERE m.qtype = '{}' ORDER BY m.id, r.ticketid
"""


IDS = {}        # path of a file -> its Message-ID; what is in the quarantine does not change


class Kept:
    """One mail for one recipient in the quarantine."""

    def __init__(self, gateway, row):
        self.row = row
        self.path = gateway.path(f"/var/spool/pmg/{row['file']}")
        self.receiver = row["receiver"]

    @property
    def raw(self):
        """The file's bytes; FileNotFoundError when the row names a file that is not there."""
        with open(self.path, "rb") as file:
            return file.read()

    @property
    def message(self):
        """The file as a parsed message."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def message_id(self):
        """The file's Message-ID; None when there is no such file, or no such field."""
        if self.path not in IDS:
            try:
                IDS[self.path] = self.message["message-id"]
            except FileNotFoundError:
                return None
        return IDS[self.path]


class Quarantine:
    """A quarantine at one moment."""

    def __init__(self, gateway, kind):
        self.gateway, self.kind = gateway, kind
        self.kept = [Kept(gateway, row) for row in gateway.sql(QUERY.format(TYPES[kind]))]

    def __len__(self):
        return len(self.kept)

    def __iter__(self):
        return iter(self.kept)

    def subjects(self):
        """Subjects as they are in the files."""
        return [kept.message["subject"] for kept in self.kept]

    def find(self, message_id, receiver=None):
        """Entries whose file has that Message-ID, for one receiver if given."""
        return [kept for kept in self.kept if (receiver is None or kept.receiver == receiver)
                and kept.message_id == message_id]

    def files(self):
        """All files of this quarantine on disk, relative to the spool."""
        top = self.gateway.path("/var/spool/pmg")
        found = []
        for directory, _, names in os.walk(f"{top}/{self.kind}"):
            found += [os.path.relpath(f"{directory}/{name}", top) for name in names]
        return sorted(found)
