"""What the tests of mail authentication share: the suites beside the checkout (../shared/data)."""
import io
import os
import pathlib
import subprocess
import sys
import tarfile

SKIPPED = 77  # exit status that Meson understands


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def suite_files(top):
    """Name and bytes of each file below protocol-suites/`top`/; skips without the archive."""
    root = pathlib.Path(os.environ.get("PMG_SOURCE_ROOT", "."))
    shared = pathlib.Path(os.environ.get("PMG_SHARED", root / ".." / "shared"))
    archive = shared / "data" / "protocol-suites.tar.zst"
    if not archive.exists():
        skip(f"{archive} is not there")
    tar = subprocess.run(["zstd", "-qdc", archive], stdout=subprocess.PIPE, check=True).stdout
    files = {}
    with tarfile.open(fileobj=io.BytesIO(tar)) as t:
        for member in t:
            name = member.name.removeprefix("./").removeprefix("protocol-suites/")
            if member.isfile() and name.startswith(top + "/"):
                files[name.removeprefix(top + "/")] = t.extractfile(member).read()
    return files


def yaml_documents(data):
    """PyYAML's reading; skips where it is not installed."""
    try:
        import yaml
    except ImportError:
        skip("python3-yaml is not installed")
    return [d for d in yaml.safe_load_all(data.decode("utf-8")) if d]


def line(*fields):
    """A line for the test programs: its first word as it is, the others in hex."""
    values = (f.encode("latin-1", "surrogateescape") if isinstance(f, str) else f
              for f in fields[1:])
    return " ".join([fields[0]] + [v.hex() or "-" for v in values]) + "\n"


def run(program, lines):
    """Gives `lines` to a test program; returns the fields of each line it prints, decoded."""
    command = program if isinstance(program, list) else [program]
    done = subprocess.run(command, input="".join(lines), stdout=subprocess.PIPE, text=True,
                          check=True)
    return [[bytes.fromhex(f.replace("-", "")).decode("latin-1") for f in answer.split(" ")]
            for answer in done.stdout.splitlines()]
