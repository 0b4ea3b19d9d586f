"""A mail server that keeps every mail with its envelope, and misbehaves on request.

    python3 -m lab.sink DIRECTORY ADDRESS PORT

Each mail becomes DIRECTORY/mails/NUMBER.eml (the bytes as they came, dot-unstuffed, CRLF) and
NUMBER.json (envelope, client, time); the .json appears last, so who sees it finds both complete.
DIRECTORY/control is a Unix socket: one JSON object a line changes the behaviour, see DEFAULTS.
"""

import asyncio
import json
import os
import sys
import time

DEFAULTS = {
    "up": True,                 # False: nobody listens
    "slow": 0,                  # seconds before each final reply
    "slow_rcpt": 0,             # seconds before each reply to RCPT
    "rcpt": "250 2.1.5 Ok",     # reply to RCPT
    "data": "250 2.0.0 Ok: queued as SINK",
    "keywords": ["PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8", "DSN",
                 "ENHANCEDSTATUSCODES"],
}
LINE_MAX = 64 << 20


class Transaction:
    """One envelope in the making."""

    def __init__(self, client, verb, helo):
        self.envelope = {"client": client, "verb": verb, "helo": helo, "sender": None, "mail": "",
                         "to": []}

    def mail(self, argument):
        """MAIL FROM:<address> parameters"""
        address, _, parameters = argument.partition(">")
        self.envelope["sender"] = address.partition("<")[2]
        self.envelope["mail"] = parameters.strip()

    def rcpt(self, argument):
        """RCPT TO:<address> parameters"""
        address, _, parameters = argument.partition(">")
        self.envelope["to"].append([address.partition("<")[2], parameters.strip()])


class Sink:
    """The server: its store, its behaviour, its listening socket."""

    def __init__(self, directory, address, port):
        self.directory, self.address, self.port = directory, address, port
        self.behaviour = dict(DEFAULTS)
        self.count = 0
        self.server = None

    def keep(self, transaction, content):
        """Writes one mail to the store."""
        self.count += 1
        base = f"{self.directory}/mails/{self.count:06d}"
        with open(f"{base}.eml", "wb") as out:
            out.write(content)
        record = dict(transaction.envelope, time=time.time(), size=len(content))
        with open(f"{base}.new", "w", encoding="utf-8") as out:
            json.dump(record, out)
        os.rename(f"{base}.new", f"{base}.json")

    async def take_data(self, reader):
        """The mail up to the final dot; None if the client went away before it."""
        lines = []
        while True:
            line = await reader.readline()
            if not line.endswith(b"\n"):
                return None
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)

    async def dialogue(self, reader, writer):
        """One connection."""
        client = writer.get_extra_info("peername")[0]
        hello = ("", "")
        transaction = Transaction(client, *hello)

        async def say(*lines):
            for line in lines[:-1]:
                writer.write(f"{line[:3]}-{line[4:]}\r\n".encode())
            writer.write(f"{lines[-1]}\r\n".encode())
            await writer.drain()

        await say("220 sink ESMTP")
        while line := await reader.readline():
            verb, _, argument = line.decode("utf-8", "surrogateescape").strip().partition(" ")
            verb = verb.upper()
            if verb in ("EHLO", "HELO", "LHLO"):
                hello = (verb, argument)
                await say("250 sink", *(f"250 {word}" for word in self.behaviour["keywords"]))
                transaction = Transaction(client, *hello)
            elif verb == "MAIL":
                transaction = Transaction(client, *hello)
                transaction.mail(argument)
                await say("250 2.1.0 Ok")
            elif verb == "RCPT":
                await asyncio.sleep(self.behaviour["slow_rcpt"])
                if self.behaviour["rcpt"].startswith("2"):
                    transaction.rcpt(argument)
                await say(self.behaviour["rcpt"])
            elif verb == "DATA":
                if not transaction.envelope["to"]:
                    await say("554 5.5.1 no valid recipients")
                    continue
                await say("354 go ahead")
                content = await self.take_data(reader)
                if content is None:
                    return
                await asyncio.sleep(self.behaviour["slow"])
                if self.behaviour["data"].startswith("2"):
                    self.keep(transaction, content)
                for _ in transaction.envelope["to"] if hello[0] == "LHLO" else [1]:
                    await say(self.behaviour["data"])
            elif verb == "QUIT":
                await say("221 2.0.0 Bye")
                return
            else:
                await say("250 2.0.0 Ok")

    async def client(self, reader, writer):
        """Runs one dialogue and closes its connection whatever happens."""
        try:
            await self.dialogue(reader, writer)
        except (ConnectionError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    async def listen(self):
        """Opens or closes the listening socket as the behaviour says."""
        if self.behaviour["up"] and not self.server:
            self.server = await asyncio.start_server(self.client, self.address, self.port,
                                                     limit=LINE_MAX, backlog=200)
        elif not self.behaviour["up"] and self.server:
            self.server.close()
            self.server = None

    async def control(self, reader, writer):
        """The control socket: each line is a JSON object; the answer repeats all behaviour."""
        while line := await reader.readline():
            request = json.loads(line)
            self.behaviour = dict(DEFAULTS, **request)
            await self.listen()
            writer.write(json.dumps(self.behaviour).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def run(self):
        """Serves until killed. The control socket appears when mail can be taken."""
        await self.listen()
        os.chdir(self.directory)        # a socket's path is short, a directory's need not be
        control = await asyncio.start_unix_server(self.control, "control")
        await control.serve_forever()


def main():
    """Command line, see above."""
    directory, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.makedirs(f"{directory}/mails", exist_ok=True)
    asyncio.run(Sink(directory, address, port).run())


if __name__ == "__main__":
    main()
