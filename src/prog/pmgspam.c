/*
 * pmgspam - the spam engine by itself, for people and for tools that know SpamAssassin's commands.
 *
 *	pmgspam [OPTION]... [FILE]... < mail     the mail with what SpamAssassin would write into it
 *	pmgspam [OPTION]... json FILE...         one JSON line for each mail
 *	pmgspam learn [OPTION]... [FILE]...      tells the classifier what mails are
 *	pmgspam daemon [OPTION]...               answers spamc
 *	pmgspam compile                          makes the filter's next start a fast one
 *
 * Options are those of `spamassassin` where they mean something here; see usage().
 */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/spam/json.h"
#include "gw/spam/markup.h"
#include "lib/dns/cares.h"
#include "lib/http/http.h"
#include "prog/pmgspam.h"

enum {
	RULES_MEMORY = 1 << 30,
	MAIL_MEMORY = 1 << 30,
	CONF_LINES_MAX = 1 << 20,
	EXIT_SPAM = 5, /* with -e */
	HOSTNAME_SIZE = 256,
	LEARN_MS = 30 * 1000, /* a command may wait for the daemons */
};

struct options {
	struct spam_conf_paths paths;
	struct buf lines; /* --cf */
	bool local, report, remove, lint, exit_code, help, version;
};

/* What every mail of one run is checked with. */
struct engine {
	const struct options *o;
	const struct spam_rules *rules;
	struct spam_network network; /* no resolver: local tests only */
	char hostname[HOSTNAME_SIZE];
};

static const struct option long_options[] = {
	{ "local", no_argument, NULL, 'L' },
	{ "test-mode", no_argument, NULL, 't' },
	{ "remove-markup", no_argument, NULL, 'd' },
	{ "configpath", required_argument, NULL, 'C' },
	{ "config-file", required_argument, NULL, 'C' },
	{ "siteconfigpath", required_argument, NULL, 'S' },
	{ "prefspath", required_argument, NULL, 'p' },
	{ "prefs-file", required_argument, NULL, 'p' },
	{ "cf", required_argument, NULL, 'c' },
	{ "lint", no_argument, NULL, 'l' },
	{ "exit-code", no_argument, NULL, 'e' },
	{ "debug", optional_argument, NULL, 'D' },
	{ "nocreate-prefs", no_argument, NULL, 'x' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *to)
{
	fputs("usage: pmgspam [OPTION]... [FILE]... < mail\n"
	      "       pmgspam [OPTION]... json FILE...\n"
	      "\n"
	      "Writes the mail with the header fields and the report that the rule files ask for.\n"
	      "\n"
	      "  -L, --local                 no question goes to the network\n"
	      "  -t, --test-mode             append the report\n"
	      "  -d, --remove-markup         take markup out again\n"
	      "  -e, --exit-code             status 5 if the mail is spam\n"
	      "  -C, --configpath DIR        stock rules, instead of those of sa-update or Debian\n"
	      "      --siteconfigpath DIR    *.pre and *.cf of the site (/etc/mail/spamassassin)\n"
	      "  -p, --prefspath FILE        more configuration, read after the site's\n"
	      "      --cf LINE               a line of configuration, read last\n"
	      "      --lint                  only check the configuration: names file and line\n"
	      "  -D, --debug [AREA,...]      tell why: config, rules, metadata, uri, dns, spf,\n"
	      "                              dkim, dmarc, razor2, bayes, auto-welcomelist, learn,\n"
	      "                              check (none named: all); noX: not X\n"
	      "  -V, --version\n"
	      "\n"
	      "Where short links lead is asked through http_proxy, https_proxy and no_proxy of "
	      "the\n"
	      "environment; the filter's proxy is http_proxy in pmg.conf.\n"
	      "\n"
	      "  json FILE...                one line of JSON for each mail\n"
	      "  learn                       teach the classifier: pmgspam learn --help\n"
	      "  daemon                      answer spamc: pmgspam daemon --help\n",
	      to);
}

static bool option(struct options *o, int c)
{
	switch (c) {
	case 'L':
		return o->local = true;
	case 't':
		return o->report = true;
	case 'd':
		return o->remove = true;
	case 'e':
		return o->exit_code = true;
	case 'l':
		return o->lint = true;
	case 'V':
		return o->version = true;
	case 'h':
		return o->help = true;
	case 'x':
		return true;
	case 'C':
		o->paths.state_dir = o->paths.rules_dir = optarg;
		return true;
	case 'S':
		o->paths.site_dir = optarg;
		return true;
	case 'p':
		o->paths.prefs = optarg;
		return true;
	case 'c':
		buf_addf(&o->lines, "%s\n", optarg);
		return !o->lines.failed;
	default:
		return false;
	}
}

static void print_mistakes(const struct spam_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct spam_note *n = &notes->p[i];

		fprintf(stderr, "%.*s:%u: %.*s%s%.*s\n", STR_ARG(n->file), n->line,
			STR_ARG(n->rule), n->rule.n ? ": " : "", STR_ARG(n->message));
	}
}

/* As other programs heed them, of either case. */
static struct str variable(const char *name)
{
	const char *value = getenv(name);
	char other[32] = "";

	for (size_t i = 0; !value && name[i] && i < sizeof(other) - 1; i++)
		other[i] = (char)toupper((unsigned char)name[i]);
	return str_of(value ? value : getenv(other));
}

static const struct http_proxies *proxies_of_environment(struct arena *a)
{
	struct http_proxies *out = NEW(a, struct http_proxies);
	struct err e;

	if (http_proxies_read(a, variable("http_proxy"), variable("https_proxy"),
			      variable("no_proxy"), out, &e) == 0)
		return out;
	log_warn("http_proxy or https_proxy in the environment is not used: %s", e.msg);
	return NULL;
}

bool network_open(struct arena *a, struct spam_network *out)
{
	static const struct dns_cares_config config = { 0 };
	struct err e;

	if (dns_cares_open(a, &config, &out->resolver, &e) < 0) {
		log_err("no network tests: %s", e.msg);
		return false;
	}
	if (log_debug_wants("dns"))
		out->resolver = debug_resolver(a, out->resolver);
	out->health = spam_list_health_new(a);
	out->proxies = proxies_of_environment(a);
	return true;
}

static int load(struct arena *a, struct engine *g, struct options *o, struct err *e)
{
	struct spam_load_report report;
	struct spam_rules *rules;

	o->paths.extra = buf_str(&o->lines);
	o->paths.bayes = true;
	o->paths.set = o->local || !network_open(a, &g->network) ? SPAM_SET_LOCAL : SPAM_SET_NET;
	if (spam_rules_load(a, &o->paths, &rules, &report, e) < 0)
		return -1;
	g->rules = rules;
	debug_rules(&report);
	if (!o->lint)
		return 0;
	print_mistakes(&report.unknown);
	return report.unknown.n ? err_set(e, ERR_INVALID, "%zu mistakes", report.unknown.n) : 0;
}

static int check(struct arena *a, const struct engine *g, struct str raw, struct spam_result *r,
		 struct err *e)
{
	struct spam_envelope env = {
		.now = time(NULL),
		.network = g->network.resolver ? &g->network : NULL,
	};

	if (spam_check(a, g->rules, raw, &env, 0, r, e) < 0)
		return -1;
	debug_result(r);
	return 0;
}

/* 0, EXIT_SPAM or -1. */
static int mark(struct arena *a, const struct engine *g, struct str raw, struct err *e)
{
	struct spam_checked c = { .raw = raw, .rules = g->rules, .now = time(NULL) };
	struct spam_result r;
	struct timespec t;
	struct str out;

	if (g->o->remove) {
		if (spam_markup_remove(a, raw, &out, e) < 0)
			return -1;
		fwrite(out.p, 1, out.n, stdout);
		return 0;
	}
	if (check(a, g, raw, &r, e) < 0)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &t);
	c.unique = (uint64_t)t.tv_nsec ^ ((uint64_t)getpid() << 16);
	c.result = &r;
	c.hostname = str_of(g->hostname);
	if (spam_markup(a, &c, g->o->report, &out, e) < 0)
		return -1;
	fwrite(out.p, 1, out.n, stdout);
	if (fflush(stdout) == 0)
		spam_learn(r.check, net_now() + LEARN_MS);
	return g->o->exit_code && r.score >= r.required ? EXIT_SPAM : 0;
}

static int json(struct arena *a, const struct engine *g, const char *path, struct str raw,
		struct err *e)
{
	struct spam_result r;
	struct buf b;

	if (check(a, g, raw, &r, e) < 0)
		return -1;
	buf_init(&b, a, MAIL_MEMORY / 4);
	spam_json(&b, str_of(path), raw.n, &r);
	fwrite(b.p, 1, b.n, stdout);
	return 0;
}

static int fail(const char *path, const struct err *e)
{
	fprintf(stderr, "pmgspam: %s%s%s\n", path ? path : "", path ? ": " : "", e->msg);
	return err_exit(e->code);
}

static int each_mail(const struct engine *g, char **paths, int n, bool as_json)
{
	CLEAN_ARENA struct arena *a = arena_open("mail", MAIL_MEMORY);
	int status = 0, rc;
	struct str raw;
	struct err e;

	for (int i = 0; i < n || (n == 0 && i == 0 && !as_json); i++) {
		const char *path = n ? paths[i] : "standard input";

		rc = n ? file_read(a, path, SPAM_MAIL_MAX, &raw, &e)
		       : file_read_stream(a, STDIN_FILENO, path, SPAM_MAIL_MAX, &raw, &e);
		if (rc == 0)
			rc = as_json ? json(a, g, path, raw, &e) : mark(a, g, raw, &e);
		if (rc < 0)
			status = fail(n ? path : NULL, &e);
		else if (rc > 0)
			status = rc;
		arena_reset(a);
	}
	return fflush(stdout) == 0 ? status : 1;
}

static int run(struct arena *a, struct options *o, char **args, int n)
{
	struct engine g = { .o = o };
	bool as_json = n > 0 && strcmp(args[0], "json") == 0;
	struct err e;

	/* As there: what would be taken out is told again. */
	o->remove = o->remove && !o->report;
	if (!o->remove && load(a, &g, o, &e) < 0)
		return fail(NULL, &e);
	if (o->lint)
		return 0;
	if (gethostname(g.hostname, sizeof(g.hostname) - 1) < 0)
		snprintf(g.hostname, sizeof(g.hostname), "localhost");
	return each_mail(&g, args + as_json, n - as_json, as_json);
}

void pmgspam_version(void)
{
	printf("Postern Mail Gateway, rules of SpamAssassin %s\n", SPAM_ENGINE_VERSION);
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("rules", RULES_MEMORY);
	struct options o = { 0 };
	int c;

	if (argc > 1 && strcmp(argv[1], "learn") == 0)
		return pmgspam_learn(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "daemon") == 0)
		return pmgspam_daemon(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "compile") == 0)
		return pmgspam_compile(argc - 1, argv + 1);
	buf_init(&o.lines, a, CONF_LINES_MAX);
	while ((c = getopt_long(argc, argv, "+LtdexC:p:D::Vh", long_options, NULL)) >= 0) {
		if (c == 'D') {
			debug_option(argc, argv);
		} else if (!option(&o, c)) {
			usage(stderr);
			return 2;
		}
	}
	if (o.help) {
		usage(stdout);
		return 0;
	}
	if (o.version) {
		pmgspam_version();
		return 0;
	}
	return run(a, &o, argv + optind, argc - optind);
}
