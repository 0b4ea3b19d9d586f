"""A rule set is used whole or not at all."""

from lab import rules


def test_a_rule_set_that_does_not_load_changes_nothing(lab, letter):
    mail = letter("old rules")
    with rules.Rule(lab.gw, "block carol", 94, to=[(rules.MAIL, "carol@inside.test")],
                    action=[(rules.BLOCK, None)]):
        running = lab.gw.filter_generation()
        bad = rules.Rule(lab.gw, "bad pattern", 95, to=[(rules.WHO_REGEX, "a(b")],
                         action=[(rules.ACCEPT, None)])
        bad.insert()
        try:
            lab.gw.exec(["pmg-smtp-filter", "reload"], check=False)
            lab.gw.wait_log(r"rules: rule 'bad pattern', group 'bad pattern', object \d+: .*\(")
            to = ["bob@inside.test", "carol@inside.test"]
            assert lab.inet.send(mail.text, to=to).code == 250
            lab.gw.wait_queue_empty()
            assert [len(lab.lan.mails(name, mail.message_id)) for name in to] == [1, 0]
            assert running <= lab.gw.filter_generation()
        finally:
            bad.delete()
