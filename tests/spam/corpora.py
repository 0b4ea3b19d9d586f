"""The mail collections beside the checkout, and the SpamAssassin that judges our engine on them."""
import json
import os
import shutil
import subprocess
import sys

RULES = "/usr/share/spamassassin"
NOT_MAIL = (".md", ".json", ".txt.yaml", ".py", ".java", ".xml", ".out", ".yml")
HERE = os.path.dirname(os.path.abspath(__file__))


def skip(why):
    """Ends the test as not run."""
    print(f"skipped: {why}")
    sys.exit(77)


def shared():
    """The directory with the collections and the oracle."""
    return os.environ.get("PMG_SHARED") or os.path.join(HERE, "..", "..", "..", "shared")


def need_spamassassin():
    """Its rule files, and the program that runs it."""
    tool = os.path.join(shared(), "tools", "sa-oracle.pl")
    if not shutil.which("spamassassin") or not os.path.isdir(RULES):
        skip("SpamAssassin is not installed")
    if not os.path.exists(tool):
        skip(f"{tool} is absent")
    return tool


def small_site(top, plugins, text):
    """A rule directory without rules and a site directory with these plugins and this local.cf,
    made below `top`; returns the two paths."""
    rules, site = os.path.join(top, "rules"), os.path.join(top, "site")
    os.makedirs(rules)
    os.makedirs(site)
    for name in ("20_aux_tlds.cf", "languages"):
        os.symlink(os.path.join(RULES, name), os.path.join(rules, name))
    with open(os.path.join(site, "plugins.pre"), "w", encoding="ascii") as pre:
        for plugin in plugins:
            print(f"loadplugin Mail::SpamAssassin::Plugin::{plugin}", file=pre)
    with open(os.path.join(site, "local.cf"), "w", encoding="ascii") as conf:
        print(text, file=conf)
    return rules, site


def unpack(name, directory):
    """The mails of a collection, as sorted paths below `directory`."""
    archive = os.path.join(shared(), "data", name + ".tar.zst")
    if not os.path.exists(archive):
        skip(f"{archive} is absent")
    top = os.path.join(directory, name)
    os.makedirs(top)
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", top], check=True)
    found = []
    for root, _, names in os.walk(top):
        paths = (os.path.join(root, n) for n in names if not n.endswith(NOT_MAIL))
        found += [p for p in paths if os.path.getsize(p) > 0]
    return sorted(found)


def json_lines(command, files):
    """What a program says about these files, one JSON object per line, as it comes."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        process.stdin.write("".join(f"{f}\n" for f in files).encode())
        process.stdin.close()
        for line in process.stdout:
            yield json.loads(line.decode("ascii"))
    if process.returncode:
        sys.exit(f"{command[0]} ended with status {process.returncode}")
