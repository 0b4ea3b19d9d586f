"""A small server of Razor's, discovery and catalogue in one, that says what a test wants."""
import socketserver
import threading

STATE = ["ac=20", "bql=4", "bqs=128", "dre=4", "se=C8", "sn=C"]


class Talk(socketserver.StreamRequestHandler):
    """One connection."""
    timeout = 20

    def say(self, *lines, many=False):
        """Lines, as a list where there are several."""
        many = many or len(lines) > 1
        text = "\r\n".join(lines) + "\r\n"
        self.wfile.write((f"-{text}.\r\n" if many else text).encode())

    def handle(self):
        """Answers until the client has had enough."""
        self.say("sn=C&srl=52&a=cg&ep4=7542-10")
        batch = None
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            if line.startswith("-") or batch is not None:
                batch = (batch or []) + ([] if line == "." else [line.lstrip("-")])
                if line == ".":
                    self.say(*map(self.answer, batch), many=True)
                    batch = None
            elif line.startswith("a=c"):
                self.say(self.answer(line))
            elif line == "a=g&pm=state":
                self.say(*STATE)
            elif line.startswith("a=g&pm="):
                address, port = self.server.server_address
                self.say(f"{line[-3:]}={address}:{port}")
            elif line == "a=q":
                break

    def answer(self, question):
        """What the case says about it."""
        fields = dict(pair.split("=") for pair in question.split("&"))
        asked, answers = self.server.asked, self.server.answers
        asked.append((fields["e"], fields["s"], fields.get("ep4", "")))
        return answers[len(asked) - 1] if len(asked) <= len(answers) else "p=0"


class Server(socketserver.ThreadingTCPServer):
    """`answers`: to the first questions, the others are about what is unknown; `asked`: so far."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, address, sock=None):
        """Binds `sock`, if one is given, and serves until it is closed."""
        super().__init__(address, Talk, bind_and_activate=False)
        self.asked, self.answers = [], []
        if sock:
            self.socket.close()
            self.socket = sock
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_close(self):
        self.shutdown()
        super().server_close()
