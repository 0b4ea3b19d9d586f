#include "gw/spam/compiled.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include "base/file.h"

/*
 * The file: MAGIC, the hash, then for each input that is scanned the length of its set and the set,
 * padded to eight bytes. The caller trusts the directory.
 */

#define MAGIC "pmgsets1"
#define PREFIX "spam-"
#define SUFFIX ".sets"

enum { HASH_SIZE = 32, PLATFORM_MAX = 200, HASH_NAMED = 16, BUILD_MEMORY = 2047 << 20 };

struct key {
	unsigned char hash[HASH_SIZE];
};

static void hash_number(EVP_MD_CTX *ctx, uint64_t n)
{
	ASSERT(EVP_DigestUpdate(ctx, &n, sizeof(n)) == 1);
}

static void hash_text(EVP_MD_CTX *ctx, struct str s)
{
	hash_number(ctx, s.n);
	ASSERT(EVP_DigestUpdate(ctx, s.p ? s.p : "", s.n) == 1);
}

static void hash_input(EVP_MD_CTX *ctx, const struct spam_rules *rs, const struct rule_input *in)
{
	hash_number(ctx, in->rules.n);
	for (size_t i = 0; i < in->rules.n; i++) {
		const struct re *re = rs->rules[in->rules.p[i]].re;

		hash_number(ctx, re_flags(re));
		hash_text(ctx, re_pattern(re));
	}
}

static struct key key_of(const struct spam_rules *rs)
{
	CLEAN_ARENA struct arena *a = arena_open("key", 1 << 16);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct key key;
	struct buf b;

	buf_init(&b, a, PLATFORM_MAX);
	re_set_platform(&b);
	ASSERT(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
	hash_text(ctx, STR(MAGIC));
	hash_text(ctx, buf_str(&b));
	for (size_t i = 0; i < rs->n_inputs; i++)
		if (input_is_scanned(&rs->inputs[i]))
			hash_input(ctx, rs, &rs->inputs[i]);
	ASSERT(EVP_DigestFinal_ex(ctx, key.hash, NULL) == 1);
	EVP_MD_CTX_free(ctx);
	return key;
}

static const char *path_of(struct arena *a, const char *dir, const struct key *key)
{
	struct buf b;

	buf_init(&b, a, 4096);
	buf_addf(&b, "%s/" PREFIX, dir);
	for (size_t i = 0; i < HASH_NAMED; i++)
		buf_addf(&b, "%02x", key->hash[i]);
	buf_addz(&b, SUFFIX);
	return str_z(a, buf_str(&b));
}

static size_t padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* The next set of the file; false if it ends before. */
static bool next_set(struct str *rest, struct str *set)
{
	uint64_t n;

	if (rest->n < sizeof(n))
		return false;
	memcpy(&n, rest->p, sizeof(n));
	*rest = str_from(*rest, sizeof(n));
	if (n > rest->n || padded(n) > rest->n)
		return false;
	*set = str_sub(*rest, 0, n);
	*rest = str_from(*rest, padded(n));
	return true;
}

static int load_sets(struct arena *a, struct spam_rules *rs, struct str rest, struct re_set **sets,
		     struct err *e)
{
	struct str bytes;

	for (size_t i = 0; i < rs->n_inputs; i++) {
		if (!input_is_scanned(&rs->inputs[i]))
			continue;
		if (!next_set(&rest, &bytes))
			return err_set(e, ERR_INVALID, "the file is cut off");
		if (re_set_load(a, bytes, rs->inputs[i].rules.n, &sets[i], e) < 0)
			return -1;
	}
	return 0;
}

int compiled_load(struct arena *a, struct spam_rules *rs, const char *dir, struct err *e)
{
	CLEAN_ARENA struct arena *tmp = arena_open("compiled sets", BUILD_MEMORY);
	struct re_set **sets = NEW_N(tmp, struct re_set *, rs->n_inputs);
	struct key key = key_of(rs);
	const char *path = path_of(tmp, dir, &key);
	struct str file, head = { (const char *)key.hash, HASH_SIZE };

	if (file_read(tmp, path, COMPILED_FILE_MAX, &file, e) < 0)
		return -1;
	head = str_cat(tmp, STR(MAGIC), head);
	if (!str_starts(file, head))
		return err_set(e, ERR_INVALID, "%s: not compiled for these rules", path);
	if (load_sets(a, rs, str_from(file, head.n), sets, e) < 0)
		return err_wrap(e, "%s", path);
	for (size_t i = 0; i < rs->n_inputs; i++)
		rs->inputs[i].set = sets[i];
	return 0;
}

static int add_set(struct arena *a, struct buf *b, const struct spam_rules *rs,
		   const struct rule_input *in, struct err *e)
{
	static const char zeros[8];
	const struct re **patterns = NEW_N(a, const struct re *, in->rules.n);
	struct str set;
	uint64_t n;

	for (size_t i = 0; i < in->rules.n; i++)
		patterns[i] = rs->rules[in->rules.p[i]].re;
	if (re_set_compile(a, patterns, in->rules.n, &set, e) < 0)
		return -1;
	n = set.n;
	buf_add(b, (struct str){ (const char *)&n, sizeof(n) });
	buf_add(b, set);
	buf_add(b, (struct str){ zeros, padded(set.n) - set.n });
	return 0;
}

/* Removes the oldest file if there are more than COMPILED_FILES_KEPT. */
static void remove_oldest(struct arena *a, const char *dir)
{
	CLEAN_DIR DIR *d = opendir(dir);
	const struct dirent *entry;
	struct stat st, oldest = { 0 };
	const char *path = NULL;
	size_t n = 0;

	while (d && (entry = readdir(d))) {
		struct str name = str_of(entry->d_name);
		const char *at = str_z(a, str_fmt(a, "%s/%s", dir, entry->d_name));

		if (!str_starts(name, STR(PREFIX)) || !str_ends(name, STR(SUFFIX)) ||
		    stat(at, &st) < 0)
			continue;
		if (n++ == 0 || st.st_mtime < oldest.st_mtime) {
			oldest = st;
			path = at;
		}
	}
	if (n > COMPILED_FILES_KEPT)
		(void)unlink(path);
}

int spam_sets_build(const struct spam_rules *rs, const char *dir, struct err *e)
{
	static const struct file_attr attr = { 0600, (uid_t)-1, (gid_t)-1 };
	CLEAN_ARENA struct arena *a = arena_open("compiled sets", BUILD_MEMORY);
	struct key key = key_of(rs);
	struct str content;
	struct buf b;

	buf_init(&b, a, COMPILED_FILE_MAX);
	buf_addz(&b, MAGIC);
	buf_add(&b, (struct str){ (const char *)key.hash, HASH_SIZE });
	for (size_t i = 0; i < rs->n_inputs; i++)
		if (input_is_scanned(&rs->inputs[i]) &&
		    add_set(a, &b, rs, &rs->inputs[i], e) < 0)
			return -1;
	if (buf_done(&b, &content, e) < 0 ||
	    file_replace(path_of(a, dir, &key), content, &attr, e) < 0)
		return -1;
	remove_oldest(a, dir);
	return 0;
}
