/*
 * How much memory of its own a worker has after checking mails with rules that all workers share
 * (spam_pss: the largest of 15, after 10,000 mails of the public corpus together), and how long a
 * generation takes to load the rules when their sets are compiled (spam_load).
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/net.h"
#include "gw/spam/spam.h"
#include "mails/mails.h"

#define SETS "build/bench-sets"

enum {
	WORKERS = 15,
	MAILS = 10000, /* all workers together */
	PRIVATE_MAX = 4 << 10, /* KiB wanted */
	LOAD_MAX = 500, /* ms wanted */
};

static NORETURN void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static struct spam_rules *load(struct arena *a, bool *sets, int64_t *ms)
{
	const struct spam_conf_paths paths = { .sets_dir = SETS, .spare = true };
	struct spam_load_report report = { 0 };
	struct spam_rules *rules;
	int64_t start = net_now();
	struct err e;

	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		die(e.msg);
	*sets = report.sets_loaded;
	*ms = net_now() - start;
	return rules;
}

/* Compiles the sets if nobody has. */
static void prepare(void)
{
	struct arena *a = arena_open("first", 1u << 30);
	struct spam_rules *rules;
	struct err e;
	int64_t ms;
	bool sets;

	mkdir(SETS, 0755);
	rules = load(a, &sets, &ms);
	if (!sets && spam_sets_build(rules, SETS, &e) < 0)
		die(e.msg);
	arena_close(a);
}

/* KiB that no other process shares. */
static long private_memory(pid_t pid)
{
	char name[64], line[256];
	long sum = 0, n;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(name, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Clean: %ld", &n) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &n) == 1)
			sum += n;
	if (f)
		fclose(f);
	return sum;
}

/* Does its part of the work and stops. */
static NORETURN void work(const struct spam_rules *rules, const struct mail_files *mails,
			  int worker)
{
	struct arena *a = arena_open("mail", 1u << 30);
	struct spam_envelope env = { .now = 1000000000 };
	struct spam_result r;
	struct err e;

	for (int i = worker; i < MAILS; i += WORKERS) {
		struct str raw = mails->p[(size_t)i % mails->n].bytes;

		if (spam_check(a, rules, raw, &env, 0, &r, &e) < 0)
			die(e.msg);
		arena_reset(a);
	}
	raise(SIGSTOP);
	exit(0);
}

/* What the largest has, while all are there: who ends leaves what it shared to the others. */
static long largest(const struct spam_rules *rules, const struct mail_files *mails)
{
	pid_t workers[WORKERS];
	long most = 0, kib;
	int status;

	for (int i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		if (workers[i] < 0)
			die("cannot fork");
		if (workers[i] == 0)
			work(rules, mails, i);
	}
	for (int i = 0; i < WORKERS; i++)
		if (waitpid(workers[i], &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
			die("a worker failed");
	for (int i = 0; i < WORKERS; i++) {
		kib = private_memory(workers[i]);
		most = kib > most ? kib : most;
	}
	for (int i = 0; i < WORKERS; i++) {
		kill(workers[i], SIGKILL);
		waitpid(workers[i], &status, 0);
	}
	return most;
}

int main(void)
{
	struct arena *a = arena_open("rules", 1u << 30), *corpus = arena_open("mails", 1u << 30);
	struct mail_files mails;
	struct spam_rules *rules;
	struct err e;
	int64_t ms;
	long kib;
	bool sets;

	if (mails_read(corpus, "mail-spamassassin-public", &mails, &e) < 0)
		die(e.msg);
	prepare();
	rules = load(a, &sets, &ms);
	if (!sets)
		die("the compiled sets are not found again");
	kib = largest(rules, &mails);
	printf("spam_pss: %.1f MiB (ratio %.2f to %.1f MiB)\n", (double)kib / 1024,
	       (double)kib / PRIVATE_MAX, PRIVATE_MAX / 1024.0);
	printf("spam_load: %lld ms (ratio %.2f to %d ms)\n", (long long)ms,
	       (double)ms / LOAD_MAX, LOAD_MAX);
	return 0;
}
