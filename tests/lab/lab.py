"""The lab as a whole: up, attach, down."""

import json
import os
import shutil
import signal
import subprocess
import sys

from lab import dns, world
from lab.gateway import Gateway
from lab.node import MailNode
from lab.processes import children, namespaces_of, start_time
from lab.wait import until

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PR_SET_PDEATHSIG = 1

# Only a sanitizer build looks at these: each report becomes a file, see Lab.reports(). Leaks are
# left to the unit tests (src/prog/sanitizer.c).
REPORTS = "/var/log/sanitizer"
SANITIZERS = {"ASAN_OPTIONS": f"log_path={REPORTS}/address",
              "UBSAN_OPTIONS": f"log_path={REPORTS}/undefined:print_stacktrace=1"}


class Lab:
    """A running lab. Lab.up() starts one, Lab.attach() finds one that runs."""

    def __init__(self, name, state):
        self.name, self.state = name, state
        self.directory = Lab.place(name)
        self.build = state["build"]
        pids = state["nodes"]
        self.inet = MailNode("inet", pids["inet"], f"{self.directory}/inet")
        self.lan = MailNode("lan", pids["lan"], f"{self.directory}/lan")
        self.gw = Gateway("gw", pids["gw"], f"{self.directory}/gw", SANITIZERS)

    @staticmethod
    def place(name):
        """Where a lab of that name keeps everything."""
        return f"{ROOT}/build/lab/{name}"

    @classmethod
    def attach(cls, name):
        """The running lab of that name, or None."""
        try:
            with open(f"{cls.place(name)}/state.json", encoding="utf-8") as file:
                state = json.load(file)
            alive = start_time(state["init"]) == state["init_start"]
        except (OSError, ValueError):
            return None
        return cls(name, state) if alive else None

    @classmethod
    def up(cls, name, build, stay=False, gateway=None):
        """Starts a lab with the programs of the build directory `build`.

        It ends with this process unless `stay`. `gateway(gw)` may change files on the gateway
        before its configuration is written for the first time.
        """
        if os.geteuid() != 0:
            sys.exit("lab: only root may make namespaces")
        if cls.attach(name):
            sys.exit(f"lab: {name} is up already; tools/lab --name {name} down ends it")
        directory = cls.place(name)
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        install(build, f"{directory}/stage")
        lab = cls(name, start_init(directory, build, stay))
        try:
            lab.boot(gateway)
        except BaseException:
            lab.down()
            raise
        return lab

    def boot(self, gateway=None):
        """Starts what runs on each node; when it returns, mail can be sent."""
        dns.start(self.inet, dkim_record())
        for node in (self.inet, self.lan):
            os.makedirs(f"{node.directory}/mails", exist_ok=True)
            node.environment["PYTHONPATH"] = f"{ROOT}/tests"
            node.start(["/usr/bin/python3", "-m", "lab.sink", node.directory, node.own, "25"],
                       f"{node.directory}/sink.log")
        self.gw.boot(gateway)
        for node in (self.inet, self.lan):
            node.wait_port(25, node.own)

    def reports(self):
        """What the sanitizers have found so far: the text of each report."""
        place = f"{self.gw.directory}/log/sanitizer"
        texts = []
        for name in sorted(os.listdir(place)):
            with open(f"{place}/{name}", encoding="utf-8", errors="replace") as report:
                texts.append(report.read())
        return texts

    def down(self):
        """Ends everything in the lab. Its directory stays, for those who want to read it."""
        try:
            os.kill(self.state["init"], signal.SIGKILL)
        except ProcessLookupError:
            pass
        until(lambda: not os.path.exists(f"/proc/{self.state['unshare']}") or
              reaped(self.state["unshare"]), "the lab does not end")


def reaped(pid):
    """Collects a child of ours that has ended; False while it runs or is not ours."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return False


def install(build, stage):
    """`make install DESTDIR=stage` of what is built in `build`."""
    subprocess.run(["meson", "install", "-C", build, "--quiet", "--no-rebuild", "--destdir", stage],
                   check=True, stdout=subprocess.DEVNULL, umask=0o022)


def dkim_record():
    """The TXT record of the key that signed the newsletter among the samples."""
    with open(f"{ROOT}/samples/dkim.txt", encoding="ascii") as file:
        return file.read().strip()


def start_init(directory, build, stay):
    """Starts process 1 and returns the lab's state, which is also written to state.json."""
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
               "/usr/bin/python3", "-m", "lab.init", directory]
    if not stay:
        command = ["setpriv", "--pdeathsig", "KILL", *command]
    with open(f"{directory}/init.log", "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True,
                                   env={**os.environ, "PYTHONPATH": f"{ROOT}/tests"})

    def ready():
        if process.poll() is not None:
            with open(f"{directory}/init.log", encoding="utf-8", errors="replace") as log:
                raise SystemExit(f"lab: the namespaces could not be made:\n{log.read()}")
        return os.path.exists(f"{directory}/ready")
    until(ready, "process 1 of the lab is not ready", 30)
    init = min(children(process.pid))
    outer = {inner: pid for pid, inner in namespaces_of(init).items()}
    with open(f"{directory}/ready", encoding="ascii") as lines:
        nodes = {name: outer[int(pid)] for name, pid in map(str.split, lines)}
    state = {"init": init, "init_start": start_time(init), "unshare": process.pid,
             "nodes": nodes, "build": build}
    with open(f"{directory}/state.json", "w", encoding="utf-8") as out:
        json.dump(state, out)
    return state
