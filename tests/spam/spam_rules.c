/*
 * Holds mails against the spam rules and prints one JSON object per mail, in the form of the
 * oracle's, so that the two can be compared: see compare_rules.py.
 *
 *	spam_rules [OPTIONS] FILE...
 *		--rules DIR --site DIR	where the rule files are
 *		--conf LINES		more of them, read last
 *		--list			each rule first: name, type, state, what it needs
 *		--bayes			with the scores for a classifier that has learnt
 *		--report		what was not understood, and what is disabled, as text
 *		--net			with network tests; the DNS knows no name
 *		--sets DIR		with compiled sets, which are kept there
 *		--repeat N		all mails so often, printed once; ms per mail at the end
 */
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "gw/spam/json.h"
#include "gw/spam/ruleset.h"
#include "lib/dns/table.h"

enum { MAIL_MAX = SPAM_MAIL_MAX, RULES_MEMORY = 1 << 30, REPEAT_MAX = 1000000 };

struct options {
	struct spam_conf_paths paths;
	bool report, list;
	struct spam_network *network;
	int64_t repeat;
};

static const char *const type_names[RULE_TYPES] = {
	[RULE_NONE] = "none",       [RULE_EMPTY] = "empty",   [RULE_HEADER] = "header",
	[RULE_BODY] = "body",       [RULE_URI] = "uri",       [RULE_MIMEHEADER] = "mimeheader",
	[RULE_RAWBODY] = "rawbody", [RULE_FULL] = "full",     [RULE_META] = "meta",
	[RULE_HEADER_EVAL] = "eval", [RULE_BODY_EVAL] = "eval", [RULE_RAWBODY_EVAL] = "eval",
	[RULE_FULL_EVAL] = "eval", [RULE_EVAL_NET] = "eval",
};

static const char *const state_names[] = {
	[STATE_ABSENT] = "absent",
	[STATE_RUNS] = "runs",
	[STATE_BLOCKED] = "blocked",
	[STATE_DISABLED] = "disabled",
};

/* Time of the processor, so that a busy machine does not show. */
static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void print_text(struct str s)
{
	CLEAN_ARENA struct arena *a = arena_open("text", 1 << 20);
	struct buf b;

	buf_init(&b, a, 1 << 16);
	spam_json_text(&b, s);
	fwrite(b.p, 1, b.n, stdout);
}

static void print_result(struct arena *a, const char *path, size_t size,
			 const struct spam_result *r)
{
	struct buf b;

	buf_init(&b, a, 16 << 20);
	spam_json(&b, str_of(path), size, r);
	fwrite(b.p, 1, b.n, stdout);
}

static int check(struct arena *a, const struct spam_rules *rules, const struct options *o,
		 const char *path, bool print)
{
	struct spam_envelope env = { .now = time(NULL), .network = o->network };
	struct spam_result r;
	struct str raw;
	struct err e;

	if (file_read(a, path, MAIL_MAX, &raw, &e) < 0 ||
	    spam_check(a, rules, raw, &env, 0, &r, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	if (print)
		print_result(a, path, raw.n, &r);
	return 0;
}

static int check_all(const struct spam_rules *rules, const struct options *o, char **paths, int n)
{
	CLEAN_ARENA struct arena *a = arena_open("mail", (size_t)1 << 30);
	double start = cpu_ms();
	int failed = 0;

	for (int64_t pass = 0; pass < o->repeat; pass++)
		for (int i = 0; i < n; i++) {
			failed |= check(a, rules, o, paths[i], pass == 0);
			arena_reset(a);
		}
	if (n)
		fprintf(stderr, "%.3f ms CPU per mail\n",
			(cpu_ms() - start) / (double)o->repeat / (double)n);
	return failed;
}

static void print_notes(const char *title, const struct spam_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct spam_note *note = &notes->p[i];

		printf("%s %.*s:%u: %.*s%s%.*s\n", title, STR_ARG(note->file), note->line,
		       STR_ARG(note->rule), note->rule.n ? ": " : "", STR_ARG(note->message));
	}
}

static void print_report(const struct spam_load_report *r)
{
	print_notes("unknown", &r->unknown);
	print_notes("disabled", &r->disabled);
	printf("%zu files, %zu lines, %zu rules: %zu active, %zu skipped, %zu disabled; "
	       "%zu lines not understood\n",
	       r->files, r->lines, r->rules, r->active, r->skipped, r->disabled.n, r->unknown.n);
}

static void print_rule(const struct spam_rules *rules, const struct rule *r)
{
	printf("{\"rule\":");
	print_text(r->name);
	printf(",\"type\":\"%s\",\"state\":\"%s\",\"score\":%.10g,\"priority\":%d,\"template\":%s",
	       type_names[r->type], state_names[r->state], r->score, r->priority,
	       r->templates ? "true" : "false");
	fputs(",\"needs\":[", stdout);
	for (size_t i = 0; i < r->needs.n; i++) {
		if (i)
			putchar(',');
		print_text(rules->rules[r->needs.p[i]].name);
	}
	puts("]}");
}

static int option(struct arena *a, struct options *o, const char *name, const char *value)
{
	if (!value)
		return -1;
	if (strcmp(name, "--rules") == 0)
		o->paths.state_dir = o->paths.rules_dir = value;
	else if (strcmp(name, "--site") == 0)
		o->paths.site_dir = value;
	else if (strcmp(name, "--sets") == 0)
		o->paths.sets_dir = value;
	else if (strcmp(name, "--conf") == 0)
		o->paths.extra = str_fmt(a, "%.*s%s\n", STR_ARG(o->paths.extra), value);
	else if (strcmp(name, "--repeat") == 0)
		return str_int(str_of(value), 1, REPEAT_MAX, &o->repeat) ? 0 : -1;
	else
		return -1;
	return 0;
}

static void open_network(struct arena *a, struct options *o)
{
	struct dns_table *table = NEW(a, struct dns_table);

	dns_table_init(table, a);
	o->paths.set = SPAM_SET_NET;
	o->network = NEW(a, struct spam_network);
	*o->network = (struct spam_network){ .resolver = &table->resolver,
					     .health = spam_list_health_new(a) };
}

/* The index of the first file, or -1. */
static int options(struct arena *a, struct options *o, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--list") == 0)
			o->list = true;
		else if (strcmp(argv[i], "--report") == 0)
			o->report = true;
		else if (strcmp(argv[i], "--spare") == 0)
			o->paths.spare = true;
		else if (strcmp(argv[i], "--bayes") == 0)
			o->paths.set = SPAM_SET_BAYES;
		else if (strcmp(argv[i], "--net") == 0)
			open_network(a, o);
		else if (option(a, o, argv[i], argv[i + 1]) < 0)
			return -1;
		else
			i++;
	}
	return i;
}

/* With the sets, if a directory for them was named. */
static int load(struct arena *a, const struct options *o, struct spam_rules **rules,
		struct spam_load_report *report, struct err *e)
{
	double start;

	if (spam_rules_load(a, &o->paths, rules, report, e) < 0)
		return -1;
	if (!o->paths.sets_dir || report->sets_loaded)
		return 0;
	start = cpu_ms();
	if (spam_sets_build(*rules, o->paths.sets_dir, e) < 0 ||
	    spam_rules_load(a, &o->paths, rules, report, e) < 0)
		return -1;
	fprintf(stderr, "sets built in %.0f ms CPU\n", cpu_ms() - start);
	if (!report->sets_loaded)
		return err_set(e, ERR_BUG, "the sets that were built cannot be loaded");
	return 0;
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("rules", RULES_MEMORY);
	struct options o = { .repeat = 1 };
	struct spam_load_report report;
	int first = options(a, &o, argc, argv);
	double start = cpu_ms();
	struct spam_rules *rules;
	struct err e;

	if (first < 0) {
		fprintf(stderr, "usage: spam_rules [--rules DIR] [--site DIR] [--conf LINES] "
				"[--sets DIR] [--list] [--report] [--spare] [--bayes] "
				"[--net] [--repeat N] FILE...\n");
		return 2;
	}
	if (load(a, &o, &rules, &report, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	fprintf(stderr, "loaded in %.0f ms CPU\n", cpu_ms() - start);
	if (o.report)
		print_report(&report);
	for (size_t i = 0; o.list && i < rules->n; i++)
		print_rule(rules, &rules->rules[i]);
	return check_all(rules, &o, argv + first, argc - first);
}
