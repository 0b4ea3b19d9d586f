"""Texts that a Perl pattern probably matches: what compose.py makes mails of.

Only what rules use is understood. Look-arounds and word boundaries are not solved: whether a text
really matches, the engines say. Patterns are as Perl prints compiled ones, `(?^aai:...)`.
"""
import re

NAMED = {"alpha": "abcXYZ", "digit": "0123456789", "alnum": "abcXYZ0123", "space": " ",
         "punct": "!,.;-", "upper": "ABCXYZ", "lower": "abcxyz", "xdigit": "0123456789abcdef",
         "cntrl": "\x01\x1f", "print": "abc XYZ0", "blank": " ", "word": "abcXYZ0_"}
WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
DIGITS, SPACES = "0123456789", " \t\n\r\f\v"
ALL = "".join(map(chr, range(256)))
LIKED = WORD + " .,-"
CLASSES = {"d": DIGITS, "w": WORD, "s": SPACES, "h": " \t", "v": "\n\r\f\v",
           "N": "".join(c for c in ALL if c != "\n")}
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "e": "\x1b", "a": "\x07"}
MORE = 3  # repetitions beyond the least


class Unknown(Exception):
    """Something in a pattern that is not understood."""


class Parser:
    """A pattern as a tree: ("alt", trees), ("seq", trees), ("set", chars), ("rep", tree, n, m)"""

    def __init__(self, pattern):
        self.s, self.i, self.groups = pattern, 0, 0
        self.tree = self.alternatives(False)
        if self.i != len(self.s):
            raise Unknown(self.s[self.i:])

    def peek(self, n=1):
        return self.s[self.i:self.i + n]

    def take(self, n=1):
        self.i += n
        return self.s[self.i - n:self.i]

    def alternatives(self, verbose):
        found = [self.sequence(verbose)]
        while self.peek() == "|":
            self.take()
            found.append(self.sequence(verbose))
        return ("alt", found) if len(found) > 1 else found[0]

    def sequence(self, verbose):
        items = []
        while self.peek() and self.peek() not in "|)":
            if verbose and self.peek() in " \t\n":
                self.take()
            elif verbose and self.peek() == "#":
                self.i = (self.s + "\n").index("\n", self.i)
            elif inline := re.match(r"\(\?\^?[a-z]*(?:-[a-z]+)?\)", self.s[self.i:]):
                self.i += inline.end()
            else:
                items.append(self.repeated(self.atom(verbose)))
        return ("seq", items)

    def repeated(self, atom):
        found = re.match(r"(?:([*+?])|\{(\d*)(,?)(\d*)\})[?+]?", self.s[self.i:])
        if not found or (not found[1] and not (found[2] or found[4])):
            return atom
        self.i += found.end()
        if found[1]:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[found[1]]
        else:
            least = int(found[2] or 0)
            most = int(found[4]) if found[4] else None if found[3] else least
        return self.repeated(("rep", atom, least, most))

    def group(self, verbose):
        kind = re.match(r"\?(?:(<?[=!])|(>)|(?:P?<(\w+)>)|(\^?[a-z]*(?:-[a-z]+)?):|(\|)|#)",
                        self.s[self.i:])
        number = 0
        if not kind or kind[3]:
            self.groups += 1
            number = self.groups
        if kind:
            self.i += kind.end()
            verbose = verbose or "x" in (kind[4] or "").split("-")[0]
        inside = self.alternatives(verbose)
        if self.take() != ")":
            raise Unknown("unclosed group")
        if kind and kind[1]:
            return ("look", inside) if kind[1] == "=" else ("seq", [])
        return ("group", number, inside)

    def escape(self, in_class=False):
        c = self.take()
        if c == "x":
            found = re.match(r"\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{1,2})", self.s[self.i:])
            self.i += found.end()
            return ("set", chr(int(found[1] or found[2], 16)))
        if c in CLASSES:
            return ("set", CLASSES[c])
        if c.lower() in CLASSES:
            return ("set", "".join(x for x in ALL if x not in CLASSES[c.lower()]))
        if c in CONTROLS:
            return ("set", CONTROLS[c])
        if c == "R":
            return ("set", "\n")
        if c in "bBAzZGK" and not in_class:
            return ("seq", [])
        if c.isdigit():
            octal = re.match(r"[0-7]{2}|0", self.s[self.i - 1:])
            if octal and (in_class or c == "0"):
                self.i += octal.end() - 1
                return ("set", chr(int(octal[0], 8)))
            return ("back", int(c))
        if c == "g":
            found = re.match(r"\{?(\d+)\}?", self.s[self.i:])
            self.i += found.end()
            return ("back", int(found[1]))
        return ("set", c)

    def class_item(self):
        posix = re.match(r"\[:(\^?)(\w+):\]", self.s[self.i:])
        if posix:
            self.i += posix.end()
            chars = NAMED[posix[2]]
            return "".join(x for x in ALL if x not in chars) if posix[1] else chars
        if self.take() == "\\":
            return self.escape(True)[1] if self.peek() != "b" else self.take() and "\x08"
        return self.s[self.i - 1]

    def char_class(self):
        negated = self.peek() == "^" and bool(self.take())
        chars, first = [], True
        while first or self.peek() != "]":
            if not self.peek():
                raise Unknown("unclosed class")
            item, first = self.class_item(), False
            if len(item) == 1 and self.peek() == "-" and self.peek(2) != "-]":
                self.take()
                item = "".join(map(chr, range(ord(item), ord(self.class_item()[0]) + 1)))
            chars.append(item)
        self.take()
        chars = "".join(chars)
        return ("set", "".join(x for x in ALL if x not in chars) if negated else chars)

    def atom(self, verbose):
        c = self.take()
        if c == "(":
            return self.group(verbose)
        if c == "[":
            return self.char_class()
        if c == "\\":
            return self.escape()
        if c == ".":
            return ("set", CLASSES["N"])
        return ("seq", []) if c in "^$" else ("set", c)


class Sampler:
    """Texts of one pattern."""

    def __init__(self, pattern):
        self.tree = Parser(pattern).tree

    def text(self, rng):
        self.rng, self.groups, self.ahead = rng, {}, []
        found = self.walk(self.tree)
        return found + "".join(self.ahead)

    def pick(self, chars):
        liked = [c for c in chars if c in LIKED and (c != " " or len(chars) < 4)]
        if liked and self.rng.random() < 0.9:
            return self.rng.choice(liked)
        plain = [c for c in chars if " " <= c <= "~"]
        return self.rng.choice(plain or chars or "?")

    def walk(self, t):
        kind = t[0]
        if kind == "seq":
            return "".join(map(self.walk, t[1]))
        if kind == "alt":
            return self.walk(self.rng.choice(t[1]))
        if kind == "set":
            return self.pick(t[1])
        if kind == "back":
            return self.groups.get(t[1], "")
        if kind == "look":
            found = self.walk(t[1])
            if self.rng.random() < 0.3:
                return found
            # What is asked for ahead is often the end of an address, before its beginning.
            self.ahead.append(found[max(found.find("@"), 0):])
            return ""
        if kind == "group":
            found = self.groups[t[1]] = self.walk(t[2])
            return found
        _, inside, least, most = t
        room = MORE if most is None else min(MORE, most - least)
        n = least + (self.rng.choice([0, 0, 1, room]) if room else 0)
        return "".join(self.walk(inside) for _ in range(n))
