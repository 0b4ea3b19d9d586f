"""Verifies every DKIM signature of the mail on standard input with dkimpy.

    python3 -m lab.dkim_peer ADDRESS PORT < mail

Keys come from the name server at ADDRESS and PORT. One line a signature: domain, selector and
algorithm, and "pass" or "fail".
"""

import sys

import dkim
import dns.message
import dns.query


def main():
    """Command line, see above."""
    address, port = sys.argv[1], int(sys.argv[2])

    def ask(name, timeout=5):
        text = name.decode() if isinstance(name, bytes) else name
        query = dns.message.make_query(text, "TXT")
        answer = dns.query.udp_with_fallback(query, address, port=port, timeout=timeout)[0]
        strings = [b"".join(record.strings) for group in answer.answer for record in group]
        return strings[0] if strings else None

    mail = sys.stdin.buffer.read()
    verifier = dkim.DKIM(mail)
    count = sum(name.lower() == b"dkim-signature" for name, _ in verifier.headers)
    for number in range(count):
        verifier = dkim.DKIM(mail)
        try:
            good = verifier.verify(number, dnsfunc=ask)
        except dkim.DKIMException as error:
            good = False
            print(error, file=sys.stderr)
        fields = verifier.signature_fields
        what = b" ".join(fields.get(tag, b"?") for tag in (b"d", b"s", b"a")).decode()
        print(what, "pass" if good else "fail")


if __name__ == "__main__":
    main()
