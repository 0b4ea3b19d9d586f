/*
 * A rule set, a mail and an envelope as one text, for tests.
 *
 *	# what the case shows
 *	[rules]
 *	rule 96 in Block Viruses	priority, in|out|both, name; "inactive" may precede the name
 *	mode what and invert		attributes of a category of this rule
 *	what and invert			a group of it: from, to, when, what, action
 *	spare who			a group of no rule (yet)
 *	use 1 from			the rule has that group there, too
 *	obj 3000 5			an object of that group: otype, value; <NL> is a line end
 *	attr subject Hello		an attribute of that object
 *	[env]
 *	from, to, ip, out, virus, broken, spam LEVEL, hit NAME SCORE TEXT, nospam, nolists,
 *	type AID MAGIC GLOB, inside AID type|name|problem TEXT, noarchives, white USER LIST,
 *	black USER LIST, time HH:MM, set NAME, crlf, ldap PROFILE ACCOUNT ADDRESS,ADDRESS... GROUP,
 *	ldapbroken PROFILE, profile NAME [disabled]
 *	[mail]
 *	…
 *	[outbox]
 *	what is expected, as outbox_print() prints it
 *	[explain]			or: what rules_explain() prints
 *	[lint]				or: what rules_lint() prints
 *
 * Ids count from 1 in the order of the text. The scan is a stand-in that knows what [env] says; of
 * other readings of a part it knows the type in the header only.
 */
#pragma once

#include "gw/cfg/ldap.h"
#include "gw/rules/match.h"
#include "gw/rules/outbox.h"
#include "gw/rules/rules.h"

struct test_list {
	struct str user, white, black;
};

/* What the stand-in for gw/people knows. */
struct test_person {
	struct str profile, account, addresses, group; /* no account: the profile is broken */
};

struct people {
	VEC(struct test_person) list;
};

struct testcase {
	struct rules_tables tables;
	struct scan_context ctx;
	struct cfg cfg;
	struct smtp_envelope env;
	struct scan scan;
	struct rules_mail mail;
	struct scan_types *types; /* by aid - 1 */
	struct scan_archive *archives; /* as well */
	struct scan_archive **archive_of;
	struct scan_spam spam;
	struct people people;
	struct cfg_ldap ldap;
	VEC(struct test_list) lists;
	bool no_spam, no_lists, no_archives, crlf;
	unsigned asked_spam, asked_lists;
	struct str expected; /* of the outbox */
	struct str explained, linted; /* STR_NONE: no matter */
};

/* Fails the test if the text is not understood. */
struct testcase *testcase_read(struct arena *a, struct str text);

/* From now on the stand-in for gw/scan answers for this case. */
void testcase_use(struct testcase *t);

/* Another mail instead. */
void testcase_set_mail(struct arena *a, struct testcase *t, struct str raw);

/* Builds and explains; builds and looks for mistakes. */
struct str testcase_explain(struct arena *a, struct testcase *t);
struct str testcase_lint(struct arena *a, struct testcase *t);

/* Builds, matches, acts: the outbox as text, then what was asked; or "ERROR: …". */
struct str testcase_run(struct arena *a, struct testcase *t);
