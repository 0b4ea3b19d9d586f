/*
 * big_mail: mails that ask for much. One of 25 MB with 500 attachments (pictures, documents, texts,
 * fifty zip files), two as big that clients may read in a thousand ways, and one with a zip bomb of
 * five levels, sixteen in each of sixteen, 10 TB in all. Each goes from its bytes in memory to the
 * bytes of every copy that the outbox asks for, with rules that look at everything, in a process of
 * its own that cannot write to any disk; neither Postfix nor clamd are in it. Time is that of the
 * process, memory what it takes on top of what a generation shares, the mail included.
 */
#define _GNU_SOURCE
#include <archive.h>
#include <archive_entry.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/enc.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/rules/outbox.h"
#include "gw/rules/rules.h"
#include "gw/scan/scan.h"

enum {
	ATTACHMENTS = 500,
	MAIL_BYTES = 25 << 20,
	LINES_OF_A_PART = 1700, /* 25 kB */
	BOMB_MAX = 1 << 20,
	MB = 1 << 20,
	TIME_OF_RECEIPT = 1700000000,
};

struct limits {
	const char *name;
	int ms, megabytes;
};

/* What is loaded before the first mail. */
static struct arena *shared;
static struct scan_context context;
static struct rules *rules;
static struct cfg cfg;

NORETURN static void failed(const struct err *e)
{
	fprintf(stderr, "%s\n", e->msg);
	exit(1);
}

/* Every kind of what object, then changes for some recipients and for all. */
static void load_rules(void)
{
	static struct rules_row rule[] = {
		{ 1, 90, 1, RULE_IN, STR_INIT("programs") },
		{ 2, 80, 1, RULE_IN, STR_INIT("in archives") },
		{ 3, 70, 1, RULE_IN, STR_INIT("spam") },
		{ 4, 60, 1, RULE_IN, STR_INIT("pictures") },
	};
	static struct rules_group_row group[] = { { .id = 1 }, { .id = 2 }, { .id = 3 },
						  { .id = 4 }, { .id = 5 }, { .id = 6 },
						  { .id = 7 } };
	static struct rules_object_row object[] = {
		{ 1, 3003, 1, STR_INIT("content-type:application/x-ms-dos-executable") },
		{ 2, 3004, 1, STR_INIT(".*\\.(vbs|pif|lnk|shs|shb)") },
		{ 3, 3002, 1, STR_INIT("X-Nothing:dangerous") },
		{ 4, 3005, 2, STR_INIT("content-type:application/x-executable") },
		{ 5, 3006, 2, STR_INIT(".*\\.exe") },
		{ 6, 3000, 3, STR_INIT("3") },
		{ 7, 3003, 4, STR_INIT("content-type:image/.*") },
		{ 8, 1001, 5, STR_INIT("one@inside.example") },
		{ 9, 4007, 6, STR_INIT("0,0:gone") },
		{ 10, 4003, 7, STR_INIT("X-Big:yes") },
	};
	static struct rules_link_row link[] = {
		{ 1, 1, RULE_WHAT }, { 6, 1, RULE_ACTION }, { 2, 2, RULE_WHAT },
		{ 6, 2, RULE_ACTION }, { 3, 3, RULE_WHAT }, { 7, 3, RULE_ACTION },
		{ 4, 4, RULE_WHAT }, { 5, 4, RULE_TO }, { 6, 4, RULE_ACTION },
	};
	static const struct rules_tables tables = {
		.rules = rule, .n_rules = ARRAY_LEN(rule), .groups = group,
		.n_groups = ARRAY_LEN(group), .objects = object, .n_objects = ARRAY_LEN(object),
		.links = link, .n_links = ARRAY_LEN(link),
	};
	struct err e;

	if (rules_build(shared, &tables, &rules, &e) < 0)
		failed(&e);
}

static void load(void)
{
	const struct spam_conf_paths paths = { .spare = true };
	struct spam_load_report report = { 0 };
	struct spam_rules *spam;
	struct magic *magic;
	struct err e;

	shared = arena_open("generation", 1u << 30);
	cfg.clamav.archivemaxrec = 5;
	cfg.clamav.archivemaxfiles = 1000;
	cfg.spam.maxspamsize = 262144;
	if (magic_load(shared, MAGIC_DIR, &magic, &e) < 0 ||
	    spam_rules_load(shared, &paths, &spam, &report, &e) < 0)
		failed(&e);
	context = (struct scan_context){ .cfg = &cfg, .magic = magic, .spam = spam };
	load_rules();
}

static void put(struct archive *w, const char *name, struct str data, int zeros)
{
	static const char nothing[MB];
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, (la_int64_t)data.n + (la_int64_t)zeros * MB);
	archive_write_header(w, entry);
	archive_write_data(w, data.p, data.n);
	for (int i = 0; i < zeros; i++)
		archive_write_data(w, nothing, MB);
	archive_entry_free(entry);
}

/* `n` members of that content, with so many MB of zeros behind it. */
static struct str zip(struct str data, int zeros, int n)
{
	struct archive *w = archive_write_new();
	char *to = arena_alloc(shared, BOMB_MAX);
	size_t used = 0;

	archive_write_set_format_zip(w);
	archive_write_set_bytes_in_last_block(w, 1);
	archive_write_open_memory(w, to, BOMB_MAX, &used);
	for (int i = 0; i < n; i++)
		put(w, str_z(shared, str_fmt(shared, "member%d.zip", i)), data, zeros);
	if (archive_write_close(w) != ARCHIVE_OK)
		exit(1);
	archive_write_free(w);
	return (struct str){ to, used };
}

static struct str rubbish(const char *start, size_t n)
{
	char *p = arena_alloc(shared, n);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++)
		p[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
	memcpy(p, start, strlen(start));
	return (struct str){ p, n };
}

static void attach(struct buf *b, const char *name, struct str content)
{
	buf_addf(b,
		 "--b\nContent-Type: application/octet-stream; name=\"%s\"\n"
		 "Content-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n",
		 name);
	enc_base64_add(b, content, STR("\n"));
}

static void begin_mail(struct buf *b)
{
	buf_init(b, shared, 2 * MAIL_BYTES);
	buf_addz(b, "From: a@outside.example\nTo: one@inside.example\nSubject: big\n"
		    "Message-Id: <big@outside.example>\nMIME-Version: 1.0\n"
		    "Content-Type: multipart/mixed; boundary=b\n\n"
		    "--b\n\nSee attachments.\n");
}

static struct str big_mail(void)
{
	size_t each = (size_t)MAIL_BYTES / ATTACHMENTS * 3 / 4 - 150;
	const struct str kinds[] = { rubbish("\x89PNG\r\n\x1a\n", each),
				     rubbish("%PDF-1.5\n", each),
				     rubbish("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", each),
				     rubbish("plain text ", each) };
	static const char *const ends[] = { "png", "pdf", "doc", "txt" };
	struct str archive = zip(kinds[0], 0, 1);
	struct buf b;

	begin_mail(&b);
	for (int i = 0; i < ATTACHMENTS; i++)
		if (i % 10 == 9)
			attach(&b, str_z(shared, str_fmt(shared, "a%d.zip", i)), archive);
		else
			attach(&b, str_z(shared, str_fmt(shared, "f%d.%s", i, ends[i % 4])),
			       kinds[i % 4]);
	buf_addz(&b, "--b--\n");
	return buf_str(&b);
}

/*
 * As many parts as are looked at, with something for each habit that clients have
 * (lib/mime/readings.h): fields and parameters given twice, boundaries that go on or come again,
 * lines that are no fields, bare CRs, base64 with garbage in it, files in texts.
 */
static struct str hostile_mail(void)
{
	static const char *const parts[] = {
		"--b\nContent-Type: text/plain; name=a.txt\nContent-Type: application/x-y; "
		"name=a.exe\n\n",
		"--bx\nContent-Type: a/b; name=a.b; name=c.d\nContent-Transfer-Encoding: base64\n\n"
		"YWJj\n!!\nYWJj==YWJj\n",
		"--c\ngarbage\nContent-Disposition : attachment;\r filename=\"x\\y.exe\"\n\nx\ry\n",
		"--b\nContent-Type: multipart/mixed (c); boundary=d; boundary*=''b\n\n--d\n\nz\n"
		"--d--\n--d\n\nx\n",
	};
	struct buf b;

	buf_init(&b, shared, 2 * MAIL_BYTES);
	buf_addz(&b, "From: a@outside.example\nSubject: hostile\nX: y\r\n"
		     "Content-Type: multipart/mixed; boundary=b; boundary=c\n"
		     "Content-Type: text/plain; boundary==?us-ascii?q?b?=\n\n"
		     "Content-Type: a/b\n\nbegin 644 pre.exe\n#86)C\n`\nend\n");
	for (int i = 0; b.n < MAIL_BYTES; i++) {
		buf_addz(&b, parts[i % ARRAY_LEN(parts)]);
		for (int k = 0; k < LINES_OF_A_PART; k++)
			buf_addz(&b, k % 4 ? "--b or not\n" : "begin 644 x.exe\n#86)C\n`\nend\n");
	}
	buf_addz(&b, "--b--\n--b\n\nbehind\n");
	return buf_str(&b);
}

/* Lines that may be a boundary of any of many multiparts. */
static struct str nested_mail(void)
{
	struct buf b;

	buf_init(&b, shared, 2 * MAIL_BYTES);
	for (int i = 0; i < MIME_DEPTH_MAX - 10; i++)
		buf_addf(&b, "Content-Type: multipart/mixed; boundary=b%d; boundary=c\n\n--b%d\n",
			 i, i);
	while (b.n < MAIL_BYTES)
		buf_addz(&b, "--b or not\n");
	return buf_str(&b);
}

static struct str bomb_mail(void)
{
	struct str bomb = zip(STR("x"), 10, 16);
	struct buf b;

	for (int i = 0; i < 5; i++)
		bomb = zip(bomb, 0, 16);
	begin_mail(&b);
	attach(&b, "42.zip", bomb);
	buf_addz(&b, "--b--\n");
	return buf_str(&b);
}

static int count(void *ctx, struct str bytes, struct err *e)
{
	size_t *n = ctx;

	(void)e;
	*n += bytes.n;
	return 0;
}

static size_t write_copies(const struct scan *s, const struct outbox *o)
{
	size_t n = 0;
	struct sink to = { count, &n };
	struct err e;

	for (size_t i = 0; i < o->n_effects; i++)
		if (o->effects[i].kind == OUTBOX_DELIVER &&
		    mime_write(s->mime, o->effects[i].edit, &to, &e) < 0)
			failed(&e);
	return n;
}

static int no_lists(void *arg, struct arena *a, const struct str *pmail, size_t n,
		    struct rules_lists *out, struct err *e)
{
	(void)arg;
	(void)a;
	(void)pmail;
	(void)n;
	(void)out;
	(void)e;
	return 0;
}

static void process(struct str raw)
{
	static struct smtp_rcpt rcpt[] = { { .address = STR_INIT("one@inside.example") },
					   { .address = STR_INIT("two@inside.example"),
					     .same_as = 1 } };
	static const struct str pmail[] = { STR_INIT("one@inside.example"),
					    STR_INIT("two@inside.example") };
	const struct smtp_envelope env = { .sender = STR("a@outside.example"), .rcpt = rcpt,
					   .n_rcpt = ARRAY_LEN(rcpt) };
	struct arena *a = arena_open("mail", 1u << 30);
	struct rules_mail m = { .pmail = pmail, .lists = no_lists, .unique = STR("ID"),
				.version = STR("bench") };
	struct outbox *o;
	struct plan *p;
	struct err e;

	if (scan_open(a, &context, "ID", "/nonexistent", raw, &env, false, TIME_OF_RECEIPT,
		      net_now() + 60000, &m.scan, &e) < 0 ||
	    rules_match(a, rules, &m, &p, &e) < 0 || rules_act(a, rules, &m, p, &o, &e) < 0)
		failed(&e);
	if (!write_copies(m.scan, o))
		exit(1);
}

/* Kilobytes of memory that are this process's own. */
static long own_memory(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	long kb, sum = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Dirty: %ld", &kb) == 1)
			sum += kb;
	if (f)
		fclose(f);
	return sum;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct cost {
	double ms;
	long kb;
};

/* The lister's own memory is the sandbox's limit at most; what it shares with us is not counted. */
static struct cost measure(struct str raw)
{
	const struct rlimit no_files = { 0, 0 };
	struct rusage before, after;
	double start = now_ms();
	struct cost cost;

	/* Where log lines go may be a file, too. */
	if (!freopen("/dev/null", "w", stderr))
		exit(1);
	signal(SIGXFSZ, SIG_DFL);
	if (setrlimit(RLIMIT_FSIZE, &no_files) < 0 || getrusage(RUSAGE_SELF, &before) < 0)
		exit(1);
	process(raw);
	cost.ms = now_ms() - start;
	if (getrusage(RUSAGE_CHILDREN, &after) < 0)
		exit(1);
	cost.kb = own_memory() + (long)(raw.n >> 10);
	/* forked from us: what it has beyond our pages is its own */
	if (after.ru_maxrss > before.ru_maxrss)
		cost.kb += after.ru_maxrss - before.ru_maxrss;
	return cost;
}

static struct cost in_a_child(struct str raw)
{
	struct cost cost = { 0, 0 };
	int pipes[2], status;
	pid_t pid;

	if (pipe(pipes) < 0 || (pid = fork()) < 0)
		exit(1);
	if (pid == 0) {
		cost = measure(raw);
		_exit(write(pipes[1], &cost, sizeof(cost)) != sizeof(cost));
	}
	if (waitpid(pid, &status, 0) < 0 || status ||
	    read(pipes[0], &cost, sizeof(cost)) != sizeof(cost)) {
		fprintf(stderr, "the mail ended its process: %d\n", status);
		exit(1);
	}
	return cost;
}

static void run(const struct limits *l, struct str raw)
{
	struct cost cost = in_a_child(raw);
	double mb = (double)cost.kb / 1024;

	printf("%s_time: %.0f ms (ratio %.1f to its limit of %d ms)\n", l->name, cost.ms,
	       l->ms / cost.ms, l->ms);
	printf("%s_memory: %.0f MB (ratio %.1f to its limit of %d MB)\n", l->name, mb,
	       l->megabytes / mb, l->megabytes);
	fflush(stdout);
}

int main(void)
{
	static const struct limits big = { "big_mail", 1000, 200 };
	static const struct limits hostile = { "hostile_mail", 1000, 200 };
	static const struct limits nested = { "nested_mail", 1000, 200 };
	static const struct limits bomb = { "zip_bomb", 2000, 100 };
	struct str mail, bomb_raw;

	log_open_stderr("bench");
	log_quiet(true);
	load();
	mail = big_mail();
	bomb_raw = bomb_mail();
	run(&big, mail);
	run(&hostile, hostile_mail());
	run(&nested, nested_mail());
	run(&bomb, bomb_raw);
	return 0;
}
