/*
 * What the Bayes classifier makes of mails, for people and for compare_bayes.py; not installed.
 *
 *	spam_bayes tokens FILE...	{"file":…, "seen":…, "tokens":[…]} per mail
 *	spam_bayes time FILE...		how long that takes
 *	spam_bayes scan STORE FILE...	{"file":…, "bayes":…} per mail
 *	spam_bayes spam|ham|forget STORE FILE...
 *	spam_bayes import STORE TEXT
 *	spam_bayes export STORE
 */
#include <time.h>

#include "base/file.h"
#include "base/net.h"
#include "gw/spam/bayes_store.h"
#include "gw/spam/ruleset.h"

enum {
	RULES_MEMORY = 1 << 30,
	MAIL_MEMORY = 1 << 30,
	TIMES = 10,
	TEXT_MAX = 1 << 29,
	PATIENCE_MS = 10000
};

static const struct spam_rules *rules;
static const struct bayes_conf *conf;

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void print_text(struct str s)
{
	putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void die(const struct err *e)
{
	fprintf(stderr, "%s\n", e->msg);
	exit(1);
}

static void load(struct arena *a)
{
	struct spam_conf_paths paths = { .set = SPAM_SET_BAYES };
	struct spam_load_report report;
	struct spam_rules *loaded;
	size_t family;
	struct err e;

	if (spam_rules_load(a, &paths, &loaded, &report, &e) < 0)
		die(&e);
	ASSERT(eval_find(STR("check_bayes"), &family));
	conf = loaded->evals[family];
	rules = loaded;
}

static struct spam_message *mail_read(struct arena *a, const char *path)
{
	struct spam_mail mail = { 0 };
	struct err e;

	if (file_read(a, path, SPAM_MAIL_MAX, &mail.raw, &e) < 0)
		die(&e);
	return spam_message_read(a, &mail, &rules->view);
}

static void print_tokens(struct arena *a, const char *path)
{
	struct spam_message *m = mail_read(a, path);
	struct map tokens;

	bayes_tokens(a, m, conf, &tokens);
	fputs("{\"file\":", stdout);
	print_text(str_of(path));
	fputs(",\"seen\":", stdout);
	print_text(bayes_seen_id(a, m));
	fputs(",\"tokens\":[", stdout);
	for (size_t i = 0; i < tokens.n; i++) {
		if (i)
			putchar(',');
		print_text(tokens.entries[i].key);
	}
	puts("]}");
}

/* Views are not counted: the rules need them too. */
static double time_tokens(struct arena *a, const char *path, size_t *n)
{
	struct spam_message *m = mail_read(a, path);
	struct arena_mark mark;
	struct map tokens;
	double start;

	bayes_tokens(a, m, conf, &tokens);
	mark = arena_mark(a);
	start = cpu_ms();
	for (int i = 0; i < TIMES; i++) {
		bayes_tokens(a, m, conf, &tokens);
		*n += tokens.n;
		arena_rewind(a, mark);
	}
	return (cpu_ms() - start) / TIMES;
}

static double time_keys(struct arena *a, const char *path)
{
	struct spam_message *m = mail_read(a, path);
	struct map tokens;
	double start;

	bayes_tokens(a, m, conf, &tokens);
	start = cpu_ms();
	bayes_keys(a, &tokens);
	return cpu_ms() - start;
}

static struct bayes_store *store_open(struct arena *a, const char *path)
{
	struct bayes_store *s;
	struct err e;

	if (bayes_store_open(a, path, true, &s, &e) < 0)
		die(&e);
	return s;
}

static int write_out(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	fwrite(bytes.p, 1, bytes.n, ctx);
	return 0;
}

static void store_export(struct bayes_store *s)
{
	struct sink out = { write_out, stdout };
	struct err e;

	if (bayes_store_export(s, &out, &e) < 0)
		die(&e);
}

static void store_import(struct arena *a, struct bayes_store *s, const char *path)
{
	struct str text;
	size_t skipped = 0;
	struct err e;

	if (file_read(a, path, TEXT_MAX, &text, &e) < 0 ||
	    bayes_store_import(s, text, net_now() + PATIENCE_MS, &skipped, &e) < 0)
		die(&e);
	printf("%zu lines skipped\n", skipped);
}

static void learn(struct arena *a, struct bayes_store *s, const char *as, const char *path)
{
	enum bayes_class class = strcmp(as, "spam") == 0  ? BAYES_IS_SPAM
				 : strcmp(as, "ham") == 0 ? BAYES_IS_HAM
							  : BAYES_IS_UNKNOWN;
	struct spam_message *m = mail_read(a, path);
	struct map tokens;
	bool changed;
	struct err e;

	bayes_tokens(a, m, conf, &tokens);
	if (bayes_store_learn(s, bayes_seen_id(a, m), bayes_keys(a, &tokens), class, 1000000000,
			      net_now() + PATIENCE_MS, &changed, &e) < 0)
		die(&e);
}

/* Adds up in ms[]: to hash, to find, to combine. */
static void scan(struct arena *a, struct bayes_store *s, const char *path, double ms[3])
{
	struct spam_message *m = mail_read(a, path);
	struct bayes_totals learnt;
	struct bayes_count *counts;
	struct bayes_keys keys;
	struct map tokens;
	double p = 0, at[4];
	struct err e;
	size_t n;
	bool told;

	bayes_tokens(a, m, conf, &tokens);
	at[0] = cpu_ms();
	keys = bayes_keys(a, &tokens);
	at[1] = cpu_ms();
	counts = NEW_N(a, struct bayes_count, keys.n);
	if (bayes_store_find(s, keys, 0, counts, &n, &learnt, &e) < 0)
		die(&e);
	at[2] = cpu_ms();
	told = bayes_combine(a, counts, n, &learnt, conf->hapaxes, &p);
	at[3] = cpu_ms();
	for (int i = 0; i < 3; i++)
		ms[i] += at[i + 1] - at[i];
	fputs("{\"file\":", stdout);
	print_text(str_of(path));
	if (told)
		printf(",\"bayes\":%.17g", p);
	puts("}");
}

static int store_command(struct arena *keep, int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("mail", MAIL_MEMORY);
	struct bayes_store *s = store_open(keep, argv[2]);
	bool scanning = strcmp(argv[1], "scan") == 0;
	double ms[3] = { 0 };

	if (strcmp(argv[1], "export") == 0) {
		store_export(s);
		return 0;
	}
	if (strcmp(argv[1], "import") == 0) {
		store_import(a, s, argv[3]);
		return 0;
	}
	load(keep);
	for (int i = 3; i < argc; i++) {
		if (scanning)
			scan(a, s, argv[i], ms);
		else
			learn(a, s, argv[1], argv[i]);
		arena_reset(a);
	}
	if (scanning)
		fprintf(stderr, "per mail %.4f ms to hash, %.4f to find, %.4f to combine\n",
			ms[0] / (argc - 3), ms[1] / (argc - 3), ms[2] / (argc - 3));
	return 0;
}

static int token_command(struct arena *keep, int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("mail", MAIL_MEMORY);
	bool timing = strcmp(argv[1], "time") == 0;
	double tokens_ms = 0, keys_ms = 0;
	size_t n = 0;

	load(keep);
	for (int i = 2; i < argc; i++) {
		if (timing)
			tokens_ms += time_tokens(a, argv[i], &n);
		else
			print_tokens(a, argv[i]);
		arena_reset(a);
		if (timing)
			keys_ms += time_keys(a, argv[i]);
		arena_reset(a);
	}
	if (timing)
		printf("%zu tokens, %.4f ms to make them and %.4f ms to hash them per mail\n",
		       n / TIMES / (size_t)(argc - 2), tokens_ms / (argc - 2),
		       keys_ms / (argc - 2));
	return 0;
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *keep = arena_open("rules", RULES_MEMORY);

	if (argc < 3) {
		fprintf(stderr,
			"usage: spam_bayes tokens|time FILE...\n"
			"       spam_bayes scan|spam|ham|forget|import|export STORE FILE...\n");
		return 2;
	}
	if (strcmp(argv[1], "tokens") == 0 || strcmp(argv[1], "time") == 0)
		return token_command(keep, argc, argv);
	return store_command(keep, argc, argv);
}
