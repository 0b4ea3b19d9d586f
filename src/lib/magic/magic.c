#include "lib/magic/magic.h"

#include "base/file.h"
#include "lib/magic/magic_int.h"

enum { TEXT_PROBE = 128 };

struct magic {
	struct rules rules;
	struct globs globs;
};

static const struct {
	struct str old, now;
} renamed[] = {
	{ STR_INIT("application/x-msdos-program"),
	  STR_INIT("application/vnd.microsoft.portable-executable") },
	{ STR_INIT("application/x-ms-dos-executable"),
	  STR_INIT("application/vnd.microsoft.portable-executable") },
	{ STR_INIT("application/java-vm"), STR_INIT("application/x-java") },
	{ STR_INIT("application/x-javascript"), STR_INIT("application/javascript") },
};

struct str magic_canonical(struct str type)
{
	for (size_t i = 0; i < ARRAY_LEN(renamed); i++)
		if (str_eq(type, renamed[i].old))
			return renamed[i].now;
	return type;
}

bool type_is_sane(struct str type)
{
	if (type.n > MAGIC_TYPE_MAX || str_chr(type, '/') <= 0 || str_ends(type, STR("/")))
		return false;
	for (size_t i = 0; i < type.n; i++)
		if (type.p[i] <= ' ' || type.p[i] > '~')
			return false;
	return true;
}

static int read_rules(struct arena *a, const char *path, struct rules *r, struct err *e)
{
	struct str file;

	if (file_read(a, path, MAGIC_FILE_MAX, &file, e) < 0)
		return -1;
	if (rules_parse(a, file, r, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

static int read_globs(struct arena *a, const char *path, struct globs *g, struct err *e)
{
	struct str file;

	if (file_read(a, path, MAGIC_FILE_MAX, &file, e) < 0)
		return -1;
	if (globs_parse(a, file, g, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

int magic_load(struct arena *a, const char *dir, struct magic **out, struct err *e)
{
	struct magic *m = NEW(a, struct magic);

	if (read_rules(a, str_z(a, str_fmt(a, "%s/magic", dir)), &m->rules, e) < 0)
		return -1;
	if (read_globs(a, str_z(a, str_fmt(a, "%s/globs2", dir)), &m->globs, e) < 0)
		return -1;
	*out = m;
	return 0;
}

size_t magic_head(const struct magic *m)
{
	return m->rules.head > TEXT_PROBE ? m->rules.head : TEXT_PROBE;
}

static bool looks_like_text(struct str head)
{
	for (size_t i = 0; i < head.n && i < TEXT_PROBE; i++) {
		unsigned char c = (unsigned char)head.p[i];

		if (c == 0x7f || (c < ' ' && !memchr("\t\n\f\r\033", c, 5)))
			return false;
	}
	return true;
}

struct str magic_of_bytes(const struct magic *m, struct str head)
{
	struct str type;

	if (head.n == 0)
		return STR("application/x-zerosize");
	if (rules_find(&m->rules, head, &type))
		return type;
	return looks_like_text(head) ? STR("text/plain") : STR("application/octet-stream");
}

struct str magic_of_name(const struct magic *m, struct str filename)
{
	struct str type;

	if (filename.n > MAGIC_NAME_MAX)
		filename = str_from(filename, filename.n - MAGIC_NAME_MAX);
	return globs_find(&m->globs, filename, &type) ? type : STR_NONE;
}
