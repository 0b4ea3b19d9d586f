/*
 * Asks what objects about mails, for tricks.py: the scan, the rules and their objects are those of
 * the filter.
 *
 * Standard input, one question a line, fields separated by tabs:
 *
 *	FILE OTYPE VALUE
 *		prints 1 if a rule with that one object matches the mail, else 0; with an
 *		exclamation mark before OTYPE its group is inverted
 *	FILE scan OUT
 *		writes what scanners get beside the mail to OUT, and prints 1; 0: nothing
 *	FILE remove OUT ACTION OTYPE VALUE
 *		writes to OUT what a rule with that object and the action "remove attachments"
 *		(its stored value) delivers, and prints 1 if it matched
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/clean.h"
#include "base/file.h"
#include "base/log.h"
#include "gw/rules/match.h"
#include "gw/scan/scan_int.h"

enum { MAIL_MAX = 1 << 20, ARENA_MAX = 256 << 20, LINE_LENGTH_MAX = 8192, DEADLINE = 1 << 30 };

struct asked {
	struct arena *a;
	const struct scan_context *ctx;
	struct smtp_envelope env;
	struct scan *scan;
};

static int open_mail(struct asked *x, struct str path, struct err *e)
{
	const char *z = str_z(x->a, path);
	struct str raw;

	if (file_read(x->a, z, MAIL_MAX, &raw, e) < 0 ||
	    scan_open(x->a, x->ctx, "ID", z, raw, &x->env, false, 0, DEADLINE, &x->scan, e) < 0)
		return -1;
	return 0;
}

/* A rule with one what object and one action. */
struct one_rule {
	struct str otype, value; /* of the what object */
	int64_t action;
	struct str action_value;
};

static int match(struct asked *x, const struct one_rule *one, struct outbox **out, bool *yes,
		 struct err *e)
{
	bool invert = str_starts(one->otype, STR("!"));
	int64_t otype;
	struct rules_row rule = { 1, 50, 1, RULE_BOTH, STR("rule") };
	struct rules_group_row groups[] = { { 1, STR("what"), STR("what") },
					    { 2, STR("action"), STR("action") } };
	struct rules_object_row objects[] = { { 1, 0, 1, one->value },
					      { 2, one->action, 2, one->action_value } };
	struct rules_attr_row inverted = { 1, STR("invert"), STR("1") };
	struct rules_link_row links[] = { { 1, 1, RULE_WHAT }, { 2, 1, RULE_ACTION } };
	struct rules_tables tables = { .rules = &rule,
				       .n_rules = 1,
				       .groups = groups,
				       .n_groups = 2,
				       .objects = objects,
				       .n_objects = 2,
				       .links = links,
				       .n_links = 2,
				       .group_attrs = &inverted,
				       .n_group_attrs = invert };
	struct str pmail = x->env.rcpt[0].address;
	struct rules_mail mail = {
		.scan = x->scan, .pmail = &pmail, .unique = STR("X"), .version = STR("1")
	};
	struct rules *rules;
	struct plan *plan;

	if (!str_int(str_from(one->otype, invert), 0, 10000, &otype))
		return err_set(e, ERR_INVALID, "not an object type: %.*s", STR_ARG(one->otype));
	objects[0].otype = otype;
	if (rules_build(x->a, &tables, &rules, e) < 0 ||
	    rules_match(x->a, rules, &mail, &plan, e) < 0 ||
	    rules_act(x->a, rules, &mail, plan, out, e) < 0)
		return -1;
	*yes = plan->matches.n > 0;
	return 0;
}

static int write_to_file(void *ctx, struct str bytes, struct err *e)
{
	return file_write_all(*(int *)ctx, bytes, e);
}

static int create(struct asked *x, struct str path, struct err *e)
{
	int fd = open(str_z(x->a, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(e, "create a file") : fd;
}

static int save_readings(struct asked *x, struct str path, bool *yes, struct err *e)
{
	CLEAN_FD int fd = create(x, path, e);
	struct sink to = { write_to_file, &fd };
	bool complete;

	if (fd < 0)
		return -1;
	*yes = readings_wanted(x->scan);
	return *yes ? readings_write(x->scan, &to, &complete, e) : 0;
}

/* There is one recipient, so there is one delivery. */
static int remove_attachments(struct asked *x, struct str question, bool *yes, struct err *e)
{
	struct str path = str_cut(&question, '\t'), action = str_cut(&question, '\t');
	struct one_rule one = { .otype = str_cut(&question, '\t'), .value = question,
				.action = 4007, .action_value = action };
	CLEAN_FD int fd = create(x, path, e);
	struct sink to = { write_to_file, &fd };
	struct outbox *outbox;

	if (fd < 0 || match(x, &one, &outbox, yes, e) < 0)
		return -1;
	for (size_t i = 0; i < outbox->n_effects; i++)
		if (outbox->effects[i].kind == OUTBOX_DELIVER)
			return mime_write(x->scan->mime, outbox->effects[i].edit, &to, e);
	return err_set(e, ERR_INVALID, "nothing is delivered");
}

static int answer(struct asked *x, struct str question, struct err *e)
{
	struct str rest = question, path = str_cut(&rest, '\t'), what = str_cut(&rest, '\t');
	struct one_rule one = { .otype = what, .value = rest, .action = 4001 };
	struct outbox *outbox;
	bool yes = false;

	if (open_mail(x, path, e) < 0)
		return -1;
	if (str_eq(what, STR("scan"))) {
		if (save_readings(x, rest, &yes, e) < 0)
			return -1;
	} else if (str_eq(what, STR("remove"))) {
		if (remove_attachments(x, rest, &yes, e) < 0)
			return -1;
	} else if (match(x, &one, &outbox, &yes, e) < 0) {
		return -1;
	}
	printf("%d\n", yes);
	return 0;
}

static int answer_all(struct asked *x, struct err *e)
{
	char line[LINE_LENGTH_MAX];

	while (fgets(line, sizeof(line), stdin)) {
		CLEAN_ARENA struct arena *a = arena_open("question", ARENA_MAX);

		x->a = a;
		if (answer(x, str_sub(str_of(line), 0, strcspn(line, "\n")), e) < 0)
			return -1;
	}
	return 0;
}

int main(void)
{
	CLEAN_ARENA struct arena *a = arena_open("content types", ARENA_MAX);
	struct smtp_rcpt rcpt = { .address = STR("b@inside.example") };
	struct cfg cfg = { 0 };
	struct scan_context ctx = { .cfg = &cfg };
	struct magic *magic;
	struct asked x = { .ctx = &ctx };
	struct err e;

	log_open_stderr("mime_ask");
	log_quiet(true);
	x.env.sender = STR("a@outside.example");
	x.env.rcpt = &rcpt;
	x.env.n_rcpt = 1;
	cfg.clamav.archivemaxfiles = 1000;
	cfg.clamav.archivemaxrec = 5;
	if (magic_load(a, MAGIC_DIR, &magic, &e) == 0) {
		ctx.magic = magic;
		if (answer_all(&x, &e) == 0)
			return 0;
	}
	fprintf(stderr, "mime_ask: %s\n", e.msg);
	return 1;
}
