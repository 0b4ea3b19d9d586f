"""Rules for a test, entered through SQL as the interface would, and taken out again."""

# Object types (database.md, section 3).
WHO_REGEX, MAIL, DOMAIN, ADDRESS, NETWORK = 1000, 1001, 1002, 1003, 1004
LDAP_GROUP, LDAP_USER = 1005, 1006
TIME_FRAME = 2000
SPAM, VIRUS, FIELD, CONTENT_TYPE, FILENAME = 3000, 3001, 3002, 3003, 3004
ARCHIVE, ARCHIVE_NAME = 3005, 3006
ACCEPT, BLOCK, NOTIFY, HEADER, BCC, QUARANTINE, REMOVE, DISCLAIMER = \
    4000, 4001, 4002, 4003, 4005, 4006, 4007, 4009

IN, OUT, BOTH = 0, 1, 2
CLASSES = {"from": ("who", 0), "to": ("who", 1), "when": ("when", 2), "what": ("what", 3),
           "action": ("action", 4)}


def literal(text):
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def value(text):
    """The stored bytes of an object; None is NULL."""
    return "NULL" if text is None else f"decode('{text.encode().hex()}', 'hex')"


class Rule:
    """A rule in the database while the `with` block lasts; the filter is reloaded on both ends.

    Several of them cost one reload as Rules([…]). Keywords are the parts of a rule: from_, to,
    when, what, action. Each is a list of objects (type, value) or (type, value, {attribute: text});
    actions get a group each, other parts one.
    """

    def __init__(self, gateway, name, priority, direction=IN, from_=(), **parts):
        self.gateway, self.name = gateway, name
        self.priority, self.direction = priority, direction
        self.parts = {"from": from_, **parts}
        self.groups = []

    def __enter__(self):
        self.insert()
        self.gateway.filter("reload")
        return self

    def insert(self):
        """Writes the rule's rows."""
        row = self.gateway.sql(
            "INSERT INTO rule (name, priority, active, direction) VALUES "
            f"({literal(self.name)}, {self.priority}, 1, {self.direction}) RETURNING id")[0]
        self.id = row["id"]
        for part, objects in self.parts.items():
            lists = [[item] for item in objects] if part == "action" else [objects]
            for group in filter(None, lists):
                self.add_group(part, group)

    def add_group(self, part, objects):
        """One group of objects for this rule."""
        name, number = CLASSES[part]
        group = self.gateway.sql("INSERT INTO objectgroup (name, class) VALUES "
                                 f"({literal(self.name)}, '{name}') RETURNING id")[0]["id"]
        self.groups.append(group)
        for item in objects:
            otype, text, attributes = (*item, {})[:3]
            row = self.gateway.sql("INSERT INTO object (objecttype, objectgroup_id, value) VALUES "
                                   f"({otype}, {group}, {value(text)}) RETURNING id")[0]
            for key, content in attributes.items():
                self.gateway.sql("INSERT INTO attribut (object_id, name, value) VALUES "
                                 f"({row['id']}, {literal(key)}, {value(content)})")
        self.gateway.sql("INSERT INTO rulegroup (objectgroup_id, rule_id, grouptype) VALUES "
                         f"({group}, {self.id}, {number})")

    def __exit__(self, *_):
        self.delete()
        self.gateway.filter("reload")

    def delete(self):
        """Takes the rule's rows out again."""
        groups = ", ".join(self.groups)
        self.gateway.sql(f"""\
            DELETE FROM rulegroup WHERE rule_id = {self.id};
            DELETE FROM attribut WHERE object_id IN
                (SELECT id FROM object WHERE objectgroup_id IN ({groups}));
            DELETE FROM object WHERE objectgroup_id IN ({groups});
            DELETE FROM objectgroup WHERE id IN ({groups});
            DELETE FROM rule WHERE id = {self.id};""")


class Rules:
    """Several rules at once; all are of the same gateway."""

    def __init__(self, rules):
        self.rules = rules

    def __enter__(self):
        for rule in self.rules:
            rule.insert()
        self.rules[0].gateway.filter("reload")
        return self

    def __exit__(self, *_):
        for rule in self.rules:
            rule.delete()
        self.rules[0].gateway.filter("reload")
