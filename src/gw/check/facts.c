/* What can be found out on the machine itself. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>

#include "base/enc.h"
#include "base/file.h"
#include "gw/check/check.h"

#define API_CERT CFG_DIR "/pmg-api.pem"
#define TLS_CERT CFG_DIR "/pmg-tls.pem"
#define BACKUP_DIR "/var/lib/pmg/backup"

enum { PEM_MAX = 256 * 1024 };

static bool expiry(struct str pem, int64_t *out)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	struct tm tm;
	bool ok = cert && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1;

	if (ok)
		*out = timegm(&tm);
	X509_free(cert);
	BIO_free(bio);
	return ok;
}

static void read_cert(struct arena *a, const char *path, struct check_facts *out)
{
	struct check_cert cert = { .path = path };
	struct str pem;
	struct err e;

	if (file_read(a, path, PEM_MAX, &pem, &e) < 0)
		cert.problem = str_fmt(a, "%s", e.msg);
	else if (!expiry(pem, &cert.expires))
		cert.problem = str_fmt(a, "%s: no certificate in PEM", path);
	vec_add(a, &out->certs, cert);
}

static unsigned percent(uint64_t part, uint64_t all)
{
	return all ? (unsigned)(part * 100 / all) : 100;
}

/* Each file system once. */
static void read_disks(struct arena *a, struct check_facts *out)
{
	static const char *const paths[] = { "/var/spool/postfix", "/var/spool/pmg",
					     "/var/lib/postgresql", "/var/log", "/" };
	dev_t seen[ARRAY_LEN(paths)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct statvfs fs;
		struct stat st;
		unsigned bytes, inodes;
		size_t k = 0;

		if (stat(paths[i], &st) < 0 || statvfs(paths[i], &fs) < 0)
			continue;
		while (k < n && seen[k] != st.st_dev)
			k++;
		if (k < n)
			continue;
		seen[n++] = st.st_dev;
		bytes = percent(fs.f_bavail, fs.f_blocks);
		inodes = percent(fs.f_favail, fs.f_files);
		vec_add(a, &out->disks,
			((struct check_disk){ paths[i], bytes < inodes ? bytes : inodes }));
	}
}

/* pmg-backup_2026_11_28_6929F2A0.tgz: the last part is the time (database.md §9). */
static int64_t time_of_backup(struct str name)
{
	ptrdiff_t at = str_rchr(name, '_');
	int64_t when = 0;

	if (!str_starts(name, STR("pmg-backup_")) || !str_ends(name, STR(".tgz")) || at < 0)
		return 0;
	name = str_sub(name, (size_t)at + 1, name.n - (size_t)at - 1 - STR(".tgz").n);
	if (name.n != 8)
		return 0;
	for (size_t i = 0; i < name.n; i++) {
		int digit = enc_hex_digit(name.p[i]);

		if (digit < 0)
			return 0;
		when = when * 16 + digit;
	}
	return when;
}

static int64_t newest_backup(void)
{
	CLEAN_DIR DIR *d = opendir(BACKUP_DIR);
	const struct dirent *entry;
	int64_t newest = 0;

	while (d && (entry = readdir(d))) {
		int64_t when = time_of_backup(str_of(entry->d_name));

		if (when > newest)
			newest = when;
	}
	return newest;
}

static bool clock_is_adrift(void)
{
	struct timex t = { 0 };

	return adjtimex(&t) == TIME_ERROR || (t.status & STA_UNSYNC);
}

int check_facts_read(struct arena *a, const struct cfg_env *cfg_env, int64_t now,
		     struct check_facts *out, struct err *e)
{
	struct check_facts f = { .now = now };
	struct cfg_lists *lists = NEW(a, struct cfg_lists);
	struct signing_keys *keys = NEW(a, struct signing_keys);
	struct dmarc_suffixes *suffixes;
	struct cfg *cfg;

	if (cfg_load(a, cfg_env, &cfg, e) < 0 ||
	    cfg_lists_load(a, cfg_env->dir, lists, &cfg->problems, e) < 0 ||
	    dmarc_suffixes_open(a, NULL, &suffixes, e) < 0)
		return -1;
	signing_keys_read(a, cfg_env->dir, cfg->admin.dkim_selector, keys);
	f.cfg = cfg;
	f.lists = lists;
	f.keys = keys;
	f.suffixes = suffixes;
	read_cert(a, API_CERT, &f);
	if (cfg->mail.tls)
		read_cert(a, TLS_CERT, &f);
	read_disks(a, &f);
	f.clock_adrift = clock_is_adrift();
	f.backup = newest_backup();
	*out = f;
	return 0;
}
