#!/usr/bin/python3
"""Our DKIM against others (dkim_peers.py PROGRAM; 77: skipped, when none of them is installed).

What we sign, Mail::DKIM and dkimpy must verify; what they and OpenDKIM sign, we must verify, and no
longer when a byte is changed.
"""
import base64
import itertools
import pathlib
import shutil
import subprocess
import sys
import tempfile

import suites

COUNTS = []  # mails of others that were verified

ZONE = "s1._domainkey.example.org"

BODIES = {
    "plain": "Hello,\n\nworld\n",
    "empty": "",
    "only empty lines": "\n\n\n",
    "empty lines at the end": "text\n\n\n\n",
    "blanks": "  a  b\t c \t\n \n\t\nend  \n\n",
    "no line end": "text without end",
    "dots": ".\n..\n.a\nFrom me\n",
    "long": "x" * 5000 + "\n" + "y " * 3000 + "\n",
    "8 bit": "Gr\xfc\xdfe\n\xff\xfe\n",
    "bare CR": "a\rb\n\r\rc\n",
}

HEADS = {
    "usual": "From: A <a@example.org>\nTo: b@example.net\nSubject: test\n"
             "Date: Tue, 14 Nov 2023 22:13:20 +0000\nContent-Type: text/plain\n",
    "folded": "from: A\n <a@example.org>\nTO:b@example.net,\n\tc@example.net  \n"
              "Subject:   a  \t b\n\t c\n \nX-Else: y\n",
    "twice": "From: a@example.org\nSubject: one\nTo: x@example.net\nTo: y@example.net\n"
             "Received: from x\n by y\nReceived: from z\n",
}

MAIL_DKIM_VERIFY = r"""
use Mail::DKIM::Verifier; use Mail::DKIM::DNS;
{ package Fake; sub new { bless {}, shift } sub send { } }
my ($name, $record) = splice @ARGV, 0, 2;
no warnings 'redefine';
*Mail::DKIM::DNS::query = sub {
    return unless lc $_[0] eq $name;
    require Net::DNS;
    return Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => [unpack('(A200)*', $record)]);
};
my $mail = do { local $/; <STDIN> };
my $v = Mail::DKIM::Verifier->new; $v->PRINT($mail); $v->CLOSE;
print $v->result, "\n";
"""

MAIL_DKIM_SIGN = r"""
use Mail::DKIM::Signer;
my ($key, $method) = @ARGV;
my $mail = do { local $/; <STDIN> };
my $s = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256', Method => $method,
    Domain => 'example.org', Selector => 's1', KeyFile => $key);
$s->PRINT($mail); $s->CLOSE;
print $s->signature->as_string, "\r\n", $mail;
"""


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout


class Key:
    def __init__(self, kind, directory):
        self.kind = kind
        self.pem = (openssl("genpkey", "-algorithm", "ed25519") if kind == "ed25519" else
                    openssl("genrsa", "-traditional", kind))
        self.path = pathlib.Path(directory) / f"{kind}.pem"
        self.path.write_bytes(self.pem)
        self.der = openssl("pkey", "-pubout", "-outform", "DER", data=self.pem)
        public = self.der[-32:] if kind == "ed25519" else self.der
        self.p = base64.b64encode(public).decode()
        self.record = f"v=DKIM1; k={'ed25519' if kind == 'ed25519' else 'rsa'}; p={self.p}"


def perl(script, mail, *args):
    done = subprocess.run(["perl", "-e", script, *args], input=mail, stdout=subprocess.PIPE,
                          check=True)
    return done.stdout


def has_perl(module):
    return shutil.which("perl") and subprocess.run(
        ["perl", f"-M{module}", "-e1"], stderr=subprocess.DEVNULL).returncode == 0


def crlf(mail):
    return mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def mails(but=()):
    """Every body with the usual head, every head with the usual body."""
    cases = [("usual", b) for b in BODIES] + [(h, "blanks") for h in HEADS]
    for head, body in dict.fromkeys(cases):
        if body not in but:
            yield f"{head}/{body}", (HEADS[head] + "\n" + BODIES[body]).encode("latin-1")


def peer_mail_dkim(key, mail):
    if key.kind == "ed25519":
        return True  # it does not know that
    return perl(MAIL_DKIM_VERIFY, crlf(mail), ZONE, key.record) == b"pass\n"


def peer_dkimpy(key, mail):
    import dkim
    return dkim.verify(crlf(mail), dnsfunc=lambda name, timeout=5: key.record.encode())


def peers():
    if has_perl("Mail::DKIM"):
        yield peer_mail_dkim
    try:
        import dkim  # noqa: F401
        yield peer_dkimpy
    except ImportError:
        pass


def check_ours(program, key, verifiers):
    """Signs every mail; every peer verifies every one."""
    cases = list(mails())
    lines = [suites.line("sign", key.pem, "example.org", "s1", mail) for _, mail in cases]
    for (name, _), (signed,) in zip(cases, suites.run(program, lines)):
        for verify in verifiers:
            if not verify(key, signed.encode("latin-1")):
                yield f"{key.kind}, ours, {name}: {verify.__name__} does not verify"


def signed_by_dkimpy(key):
    import dkim
    for c in itertools.product((b"simple", b"relaxed"), repeat=2):
        for length in (False, True):
            for name, mail in mails():
                algorithm = b"ed25519-sha256" if key.kind == "ed25519" else b"rsa-sha256"
                secret = key.pem
                if key.kind == "ed25519":
                    der = openssl("pkey", "-outform", "DER", data=key.pem)
                    secret = base64.b64encode(der[-32:])
                signature = dkim.sign(crlf(mail), b"s1", b"example.org", secret, canonicalize=c,
                                      include_headers=[b"from", b"to", b"subject"], length=length,
                                      signature_algorithm=algorithm)
                yield f"dkimpy {c} {length}, {name}", signature + crlf(mail)


def signed_by_perl(key):
    """Without a line end at the end it forgets that of the simple form (RFC 6376, 3.4.3)."""
    for method in ("simple/simple", "relaxed/relaxed", "relaxed/simple"):
        for name, mail in mails(but=("no line end", "bare CR")):
            yield (f"Mail::DKIM {method}, {name}",
                   perl(MAIL_DKIM_SIGN, crlf(mail), str(key.path), method))


def signed_by_opendkim(key):
    """Its test program makes line ends of bare CRs, and refuses some mails."""
    for name, mail in mails(but=("bare CR",)):
        done = subprocess.run(["opendkim-testmsg", "-C", "-d", "example.org", "-s", "s1", "-k",
                               key.path], input=crlf(mail), stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        if done.returncode == 0 and done.stdout:
            yield f"OpenDKIM, {name}", done.stdout


def changed(mail):
    """In the subject, which everybody signs."""
    at = mail.lower().rindex(b"\nsubject:") + len(b"\nsubject:")
    return mail[:at] + b"!" + mail[at:]


def check_theirs(program, key, signed):
    """As they come, with LF line ends as in the spool, and changed."""
    signed = list(signed)
    COUNTS.append(len(signed))
    lines = [suites.line("zone", ZONE, "TXT", key.record)]
    for _, mail in signed:
        lines += [suites.line("verify", m) for m in
                  (mail, mail.replace(b"\r\n", b"\n"), changed(mail))]
    answers = iter(suites.run(program, lines))
    for name, _ in signed:
        for how, wanted in (("", "pass"), (", LF", "pass"), (", changed", "fail")):
            answer = next(answers)
            if len(answer) != 1 or not answer[0].startswith(wanted):
                yield f"{key.kind}, {name}{how}: {answer}"


def main():
    program, verifiers = sys.argv[1], list(peers())
    if not verifiers or not shutil.which("openssl"):
        suites.skip("neither Mail::DKIM nor dkimpy is installed")
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        for kind in ("2048", "ed25519"):
            key = Key(kind, directory)
            kind_p, = suites.run(program, [suites.line("public", key.pem)])
            if kind_p != [key.record.split("k=")[1].split(";")[0], key.p]:
                wrong.append(f"public key: {kind_p}")
            wrong += check_ours(program, key, verifiers)
            if peer_dkimpy in verifiers:
                wrong += check_theirs(program, key, signed_by_dkimpy(key))
            if peer_mail_dkim in verifiers and kind != "ed25519":
                wrong += check_theirs(program, key, signed_by_perl(key))
            if shutil.which("opendkim-testmsg") and kind != "ed25519":
                wrong += check_theirs(program, key, signed_by_opendkim(key))
    names = ", ".join(v.__name__.removeprefix("peer_") for v in verifiers)
    print("\n".join(wrong + [f"{sum(COUNTS)} mails of others; ours for {names}; "
                             f"{len(wrong)} differences"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
