/*
 * pmgspam learn - what `sa-learn` does: options of the same names mean the same.
 *
 * What is learnt is kept without a journal, so --sync and --no-sync say nothing here, but that
 * --sync expires tokens if that is due, as there.
 */
#include <getopt.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clean.h"
#include "base/file.h"
#include "base/net.h"
#include "gw/spam/awl.h"
#include "gw/spam/teach.h"
#include "lib/re/re.h"
#include "prog/pmgspam.h"
#include "prog/pmgspam_mails.h"

enum {
	MEMORY = 1 << 30,
	CONF_LINES_MAX = 1 << 20,
	TEXT_MAX = 512 << 20,       /* --restore */
	MAIL_SIZE_MAX = 500 * 1024, /* --max-size */
	WAIT_MS = 300 * 1000,       /* for others who write; sa-learn waits as long */
	PROGRESS_EVERY = 100,
	NO_TERMINAL = 256,
};

enum task {
	TASK_NONE, TASK_LEARN, TASK_SYNC, TASK_DUMP, TASK_BACKUP, TASK_RESTORE, TASK_CLEAR,
	TASK_AWL_BACKUP, TASK_AWL_RESTORE,
};

struct teaching {
	struct arena *a, *file, *mail; /* of the run, of the file in hand, of one mail in it */
	struct spam_conf_paths paths;
	struct buf lines;
	enum task task;
	enum bayes_class as;
	bool classified; /* `as` was given */
	bool ignores, progress, dots, forced, quiet, help, version;
	enum mails_format format;
	size_t size_max; /* 0: no limit */
	unsigned dump;
	const char *restore, *folders, *regexp;
	const char *refused; /* why an option is no use here */
	const struct spam_rules *rules;
	struct bayes_store *store;
	unsigned examined, learnt;
	int status;
};

enum {
	OPT_SITE = NO_TERMINAL, OPT_CF, OPT_DUMP, OPT_DBPATH, OPT_MAX, OPT_RESTORE, OPT_AWL_RESTORE,
	OPT_FORCE_EXPIRE, OPT_FORGET, OPT_IGNORED, OPT_AWL_BACKUP, OPT_PROGRESS, OPT_DOTS,
	OPT_HAM, OPT_SPAM, OPT_SYNC, OPT_MBOX, OPT_MBX, OPT_BACKUP, OPT_CLEAR, OPT_IGNORES,
	OPT_REGEXP, OPT_IMPORT,
};

static const struct option options[] = {
	{ "spam", no_argument, NULL, OPT_SPAM },
	{ "ham", no_argument, NULL, OPT_HAM },
	{ "nonspam", no_argument, NULL, OPT_HAM },
	{ "forget", no_argument, NULL, OPT_FORGET },
	{ "sync", no_argument, NULL, OPT_SYNC },
	{ "rebuild", no_argument, NULL, OPT_SYNC },
	{ "force-expire", no_argument, NULL, OPT_FORCE_EXPIRE },
	{ "expire", no_argument, NULL, OPT_FORCE_EXPIRE },
	{ "dump", optional_argument, NULL, OPT_DUMP },
	{ "regexp", required_argument, NULL, OPT_REGEXP },
	{ "import", no_argument, NULL, OPT_IMPORT },
	{ "backup", no_argument, NULL, OPT_BACKUP },
	{ "restore", required_argument, NULL, OPT_RESTORE },
	{ "clear", no_argument, NULL, OPT_CLEAR },
	{ "awl-backup", no_argument, NULL, OPT_AWL_BACKUP },
	{ "awl-restore", required_argument, NULL, OPT_AWL_RESTORE },
	{ "folders", required_argument, NULL, 'f' },
	{ "mbox", no_argument, NULL, OPT_MBOX },
	{ "mbx", no_argument, NULL, OPT_MBX },
	{ "dir", no_argument, NULL, OPT_IGNORED },
	{ "file", no_argument, NULL, OPT_IGNORED },
	{ "max-size", required_argument, NULL, OPT_MAX },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "showdots", no_argument, NULL, OPT_DOTS },
	{ "use-ignores", no_argument, NULL, OPT_IGNORES },
	{ "username", required_argument, NULL, OPT_IGNORED },
	{ "no-sync", no_argument, NULL, OPT_IGNORED },
	{ "nosync", no_argument, NULL, OPT_IGNORED },
	{ "no-rebuild", no_argument, NULL, OPT_IGNORED },
	{ "norebuild", no_argument, NULL, OPT_IGNORED },
	{ "dbpath", required_argument, NULL, OPT_DBPATH },
	{ "db", required_argument, NULL, OPT_DBPATH },
	{ "quiet", no_argument, NULL, 'q' },
	{ "debug", optional_argument, NULL, 'D' },
	{ "local", no_argument, NULL, 'L' },
	{ "configpath", required_argument, NULL, 'C' },
	{ "config-file", required_argument, NULL, 'C' },
	{ "siteconfigpath", required_argument, NULL, OPT_SITE },
	{ "prefspath", required_argument, NULL, 'p' },
	{ "prefs-file", required_argument, NULL, 'p' },
	{ "cf", required_argument, NULL, OPT_CF },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *to)
{
	fputs("usage: pmgspam learn --spam|--ham|--forget [OPTION]... [FILE|DIR]... [< mail]\n"
	      "       pmgspam learn --dump[=all|data|magic] | --sync | --force-expire | --clear\n"
	      "       pmgspam learn --backup > FILE | --restore FILE\n"
	      "       pmgspam learn --awl-backup > FILE | --awl-restore FILE\n"
	      "\n"
	      "  --spam, --ham, --forget  what the mails are\n"
	      "  --mbox                   files hold many mails (so do files named *mbox*)\n"
	      "  --mbx                    the same in the format of the UW IMAP server\n"
	      "  -f, --folders FILE       names of files and directories, a line each, also as\n"
	      "                           ham|spam:detect|file|dir|mbox|mbx:NAME\n"
	      "  --max-size N             leave out larger mails (512000; 0: no limit)\n"
	      "  --use-ignores            leave out what bayes_ignore_from and …_to mean\n"
	      "  --progress, --showdots   tell how far it is\n"
	      "  --regexp RE              with --dump: only tokens whose five bytes it matches\n"
	      "  --dbpath PATH            another store, as in bayes_path\n"
	      "  --backup, --restore      the text of sa-learn, which brings learning along\n"
	      "  --awl-backup, …-restore  the auto-whitelist, as sa-awl prints it\n"
	      "  -C, --siteconfigpath, -p, --cf, -L   as for pmgspam\n",
	      to);
}

static bool take_dump(struct teaching *t, const char *what)
{
	t->task = TASK_DUMP;
	t->dump = BAYES_DUMP_MAGIC | BAYES_DUMP_DATA;
	if (!what || strcmp(what, "all") == 0)
		return true;
	t->dump = strcmp(what, "magic") == 0 ? BAYES_DUMP_MAGIC : BAYES_DUMP_DATA;
	return strcmp(what, "magic") == 0 || strcmp(what, "data") == 0;
}

static bool take_class(struct teaching *t, enum bayes_class as)
{
	t->classified = true;
	t->as = as;
	t->task = TASK_LEARN;
	return true;
}

static bool take_task(struct teaching *t, enum task task, const char *file)
{
	t->task = task;
	t->restore = file;
	return true;
}

static bool take_line(struct teaching *t, const char *key, const char *value)
{
	struct stat st;
	bool is_dir = key && stat(value, &st) == 0 && S_ISDIR(st.st_mode);

	buf_addf(&t->lines, "%s%s%s\n", key ? key : "", value, is_dir ? "/bayes" : "");
	return !t->lines.failed;
}

static bool take_size(struct teaching *t, const char *value)
{
	int64_t n;

	if (!str_int(str_of(value), 0, SPAM_MAIL_MAX, &n))
		return false;
	t->size_max = (size_t)n;
	return true;
}

/* What is to be done. */
static bool take_command(struct teaching *t, int c)
{
	switch (c) {
	case OPT_SPAM:
		return take_class(t, BAYES_IS_SPAM);
	case OPT_HAM:
		return take_class(t, BAYES_IS_HAM);
	case OPT_FORGET:
		return take_class(t, BAYES_IS_UNKNOWN);
	case OPT_FORCE_EXPIRE:
		t->forced = true;
		return take_task(t, TASK_SYNC, NULL);
	case OPT_SYNC:
		return take_task(t, TASK_SYNC, NULL);
	case OPT_DUMP:
		return take_dump(t, optarg);
	case OPT_BACKUP:
		return take_task(t, TASK_BACKUP, NULL);
	case OPT_RESTORE:
		return take_task(t, TASK_RESTORE, optarg);
	case OPT_CLEAR:
		return take_task(t, TASK_CLEAR, NULL);
	case OPT_AWL_BACKUP:
		return take_task(t, TASK_AWL_BACKUP, NULL);
	case OPT_AWL_RESTORE:
		return take_task(t, TASK_AWL_RESTORE, optarg);
	default:
		return false;
	}
}

/* How. */
static bool take_option(struct teaching *t, int c)
{
	switch (c) {
	case 'f':
		t->folders = optarg;
		return true;
	case OPT_MBOX:
		t->format = MAILS_MBOX;
		return true;
	case OPT_MBX:
		t->format = MAILS_MBX;
		return true;
	case OPT_REGEXP:
		t->regexp = optarg;
		return true;
	case OPT_IMPORT:
		t->refused = "--import: stores of older formats are not read here; let sa-learn "
			     "--import them, and bring the text of its --backup to --restore";
		return true;
	case OPT_IGNORES:
		return t->ignores = true;
	case OPT_MAX:
		return take_size(t, optarg);
	case OPT_PROGRESS:
		return t->progress = true;
	case OPT_DOTS:
		return t->dots = true;
	case OPT_DBPATH:
		return take_line(t, "bayes_path ", optarg);
	case OPT_CF:
		return take_line(t, NULL, optarg);
	case OPT_SITE:
		t->paths.site_dir = optarg;
		return true;
	case 'C':
		t->paths.state_dir = t->paths.rules_dir = optarg;
		return true;
	case 'p':
		t->paths.prefs = optarg;
		return true;
	case 'q':
		return t->quiet = true;
	case 'h':
		return t->help = true;
	case 'V':
		return t->version = true;
	case 'L':
	case 'u':
	case OPT_IGNORED:
		return true;
	default:
		return take_command(t, c);
	}
}

static int put(void *ctx, struct str bytes, struct err *e)
{
	(void)ctx;
	return fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n ? 0 : err_sys(e, "standard output");
}

static const struct sink out = { put, NULL };

static int fail(struct teaching *t, const char *path, const struct err *e)
{
	fprintf(stderr, "pmgspam learn: %s%s%s\n", path ? path : "", path ? ": " : "", e->msg);
	t->status = err_exit(e->code);
	return t->status;
}

static void fail_file(void *ctx, const char *path, const struct err *e)
{
	fail(ctx, path, e);
}

static void teach(void *ctx, const char *path, enum bayes_class as, struct str raw)
{
	struct teaching *t = ctx;
	const struct spam_lesson lesson = { as, t->ignores, time(NULL) };
	bool changed;
	struct err e;

	if (raw.n == 0 || (t->size_max && raw.n > t->size_max))
		return;
	t->examined++;
	if (spam_teach(t->mail, t->rules, t->store, raw, &lesson, net_now() + WAIT_MS, &changed,
		       &e) < 0) {
		fail(t, path, &e);
		return;
	}
	arena_reset(t->mail);
	t->learnt += changed;
	if (t->dots)
		fputc('.', stderr);
	if (t->progress && t->examined % PROGRESS_EVERY == 0)
		fprintf(stderr, "%u mails\n", t->examined);
}

static int learn(struct teaching *t, char **paths, int n, struct err *e)
{
	const struct mails mails = {
		.a = t->file,
		.format = t->format,
		.as = t->classified ? t->as : BAYES_IS_UNKNOWN,
		.as_listed = !t->classified || t->as != BAYES_IS_UNKNOWN,
		.mail = teach,
		.failed = fail_file,
		.ctx = t,
	};

	if (n && !t->classified)
		return err_set(e, ERR_INVALID, "%s: say --spam, --ham or --forget", paths[0]);
	if (spam_bayes_open(t->a, t->rules, true, &t->store, e) < 0)
		return -1;
	if (t->folders && mails_walk_list(&mails, t->folders, e) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		mails_walk(&mails, paths[i]);
	if (n == 0 && !t->folders)
		mails_walk(&mails, "-");
	if (t->dots)
		fputc('\n', stderr);
	if (!t->quiet)
		printf("%s tokens from %u message(s) (%u message(s) examined)\n",
		       mails.as_listed ? "Learned" : "Forgot", t->learnt, t->examined);
	if (!t->examined && !t->status)
		t->status = 1;
	return 0;
}

static int sync_store(struct teaching *t, struct err *e)
{
	struct bayes_expiry done;

	if (spam_bayes_expire(t->rules, t->forced ? BAYES_EXPIRE_NOW : BAYES_EXPIRE_IF_LARGE,
			      time(NULL), net_now() + WAIT_MS, &done, e) < 0)
		return e->code == ERR_NOTFOUND ? 0 : -1;
	if (done.done && !t->quiet)
		printf("%llu of %llu tokens have expired\n", (unsigned long long)done.removed,
		       (unsigned long long)done.tokens);
	return 0;
}

static int restore(struct teaching *t, struct str text, struct err *e)
{
	size_t skipped = 0;

	if (spam_bayes_open(t->a, t->rules, true, &t->store, e) < 0 ||
	    bayes_store_import(t->store, text, net_now() + WAIT_MS, &skipped, e) < 0)
		return -1;
	if (skipped)
		fprintf(stderr, "%zu lines were not understood and are left out\n", skipped);
	return 0;
}

static int dump(struct teaching *t, struct err *e)
{
	struct re *only = NULL;

	if (t->regexp && re_compile_perl(t->a, str_of(t->regexp), 0, &only, e) < 0)
		return err_set(e, ERR_INVALID, "--regexp %s: %s", t->regexp,
			       str_z(t->a, str_of(e->msg)));
	if (spam_bayes_open(t->a, t->rules, false, &t->store, e) < 0)
		return -1;
	return bayes_store_dump(t->store, t->dump, only, &out, e);
}

static int awl(struct teaching *t, struct err *e)
{
	bool reads = t->task == TASK_AWL_RESTORE;
	size_t skipped = 0;
	struct str text;
	struct awl *w;

	if (awl_open(t->a, spam_awl_path(t->a, t->rules), reads, &w, e) < 0)
		return -1;
	if (!reads)
		return awl_export(w, &out, e);
	if (file_read(t->a, t->restore, TEXT_MAX, &text, e) < 0 ||
	    awl_import(w, text, net_now() + WAIT_MS, &skipped, e) < 0)
		return -1;
	if (skipped)
		fprintf(stderr, "%zu lines were not understood and are left out\n", skipped);
	return 0;
}

static int carry_out(struct teaching *t, char **paths, int n, struct err *e)
{
	static const char empty[] = "v\t3\tdb_version\nv\t0\tnum_spam\nv\t0\tnum_nonspam\n";
	struct str text;

	switch (t->task) {
	case TASK_LEARN:
		return learn(t, paths, n, e);
	case TASK_SYNC:
		return sync_store(t, e);
	case TASK_DUMP:
		return dump(t, e);
	case TASK_BACKUP:
		return spam_bayes_open(t->a, t->rules, false, &t->store, e) < 0
			       ? -1
			       : bayes_store_export(t->store, &out, e);
	case TASK_RESTORE:
		return file_read(t->a, t->restore, TEXT_MAX, &text, e) < 0 ? -1
									   : restore(t, text, e);
	case TASK_CLEAR:
		return restore(t, str_of(empty), e);
	default:
		return awl(t, e);
	}
}

static int run(struct teaching *t, char **args, int n)
{
	struct spam_load_report report;
	struct spam_rules *rules;
	struct err e;

	/* As sa-learn has it: `--dump magic`. */
	if (t->task == TASK_DUMP && n == 1 && !take_dump(t, args[0])) {
		usage(stderr);
		return 2;
	}
	t->paths.extra = buf_str(&t->lines);
	if (spam_rules_load(t->a, &t->paths, &rules, &report, &e) < 0)
		return fail(t, NULL, &e);
	t->rules = rules;
	if (carry_out(t, args, n, &e) < 0)
		return fail(t, NULL, &e);
	return fflush(stdout) == 0 ? t->status : 1;
}

int pmgspam_learn(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("rules", MEMORY);
	CLEAN_ARENA struct arena *file = arena_open("file of mails", MEMORY);
	CLEAN_ARENA struct arena *mail = arena_open("mail", MEMORY);
	struct teaching t = { .a = a, .file = file, .mail = mail, .size_max = MAIL_SIZE_MAX };
	int c;

	buf_init(&t.lines, a, CONF_LINES_MAX);
	while ((c = getopt_long(argc, argv, "f:C:p:u:LqD::Vh", options, NULL)) >= 0) {
		if (c == 'D') {
			debug_option(argc, argv);
		} else if (!take_option(&t, c)) {
			usage(stderr);
			return 2;
		}
	}
	if (t.help) {
		usage(stdout);
		return 0;
	}
	if (t.version) {
		pmgspam_version();
		return 0;
	}
	if (t.refused) {
		fprintf(stderr, "pmgspam learn: %s\n", t.refused);
		return 2;
	}
	if (t.task == TASK_NONE && t.folders)
		t.task = TASK_LEARN;
	if (t.task == TASK_NONE) {
		usage(stderr);
		return 2;
	}
	return run(&t, argv + optind, argc - optind);
}
