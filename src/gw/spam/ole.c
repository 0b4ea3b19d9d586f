#include "gw/spam/ole.h"

enum {
	HEAD = 2000, /* octets in which an encrypted document says so */
	RTF_NAME_MAX = 50,
	URL_HALF_MIN = 5, /* octets of a URL to a program, in each of its two halves */
	URL_HALF_MAX = 1000,
};

static const struct str compound_magic = STR_INIT("\xd0\xcf\x11\xe0");

/* "EncryptedPackage" and "Workbook" in UTF-16, as names of streams. */
static const struct str encrypted_package =
	STR_INIT("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e");
static const struct str workbook = STR_INIT("W\0o\0r\0k\0b\0o\0o\0k\0");

void ole_patterns_init(struct ole_patterns *p, struct arena *a)
{
	const struct {
		struct re **re;
		const char *pattern;
	} all[] = {
		{ &p->malice, "(?i)(?:document|auto|workbook)_?open" },
		{ &p->content_type,
		  "(?i)ContentType=[\"']application/vnd\\.ms-office\\.vbaProject[\"']|macroEnabled|"
		  "application/vnd\\.ms-excel\\.(?:intl)?macrosheet" },
		{ &p->external, "(?is)Target=\"([^\"]*)\".*?TargetMode=\"External\"" },
		{ &p->mhtml,
		  "(?i)^MHTML:&#x48;&#x54;&#x50;&#x3a;&#x5c;&#x5c;&#x31;&|^mhtml:https?://" },
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		bool ok = re_compile_perl(a, str_of(all[i].pattern), 0, all[i].re, &e) == 0;

		ASSERT(ok);
	}
}

bool ole_is_compound(struct str data)
{
	return str_starts(data, compound_magic);
}

bool ole_is_zip(struct str name, struct str data)
{
	return str_starts(data, STR("PK")) || str_iends(name, STR(".zip"));
}

bool ole_unpack(struct arena *a, const struct zip_member *m, struct ole_facts *f, struct str *out)
{
	if (m->size > OLE_CONTENT_MAX - f->unpacked || !zip_content(a, m, out))
		return false;
	f->unpacked += m->size;
	return true;
}

static bool has(struct str data, struct str what)
{
	return str_find(data, what) >= 0;
}

static bool has_octet(struct str data, size_t at, unsigned char octet)
{
	return at < data.n && (unsigned char)data.p[at] == octet;
}

/* The octets say so in other versions of the format. */
static bool is_encrypted(struct str data)
{
	struct str head = str_sub(data, 0, HEAD);

	if (str_ifind(data, STR("<encryption xmlns")) >= 0 || has(head, encrypted_package) ||
	    has(head, STR("E n c r y p t e d P a c k a g e")))
		return true;
	return !has(head, workbook) &&
	       (has_octet(data, 0x208, 0xfe) || has_octet(data, 0x214, 0x2f) ||
		has_octet(data, 0x20b, 0x13));
}

bool ole_check_encrypted(struct str data, struct ole_facts *f)
{
	bool found = ole_is_compound(data) && is_encrypted(data);

	f->encrypted |= found;
	return found;
}

static bool has_macro_mark(struct str data)
{
	static const struct str marks[] = {
		STR_INIT("\\objemb"),
		STR_INIT("\\objdat"),
		STR_INIT("\\ objdat"),
		STR_INIT("w:macrosPresent=\"yes\""),
		STR_INIT("vbaProject.bin.rels"),
	};

	/* The attributes of a module; an object of Office 2003. */
	if (ole_is_compound(data))
		return has(data, STR("\0Attribut\0")) ||
		       has(data, STR("\1\0O\0l\0e\0001\0000\0N\0a\0"));
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (has(data, marks[i]))
			return true;
	return false;
}

bool ole_check_marks(const struct ole_patterns *p, struct str data, struct ole_facts *f)
{
	if (!has_macro_mark(data))
		return false;
	f->macro = true;
	f->malice |= re_match(p->malice, data) == RE_MATCH;
	return true;
}

static bool is_macro_member(struct str name)
{
	static const char *const names[] = {
		"word/vbaproject.bin", "macros/vba/_vba_project",
		"xl/vbaproject.bin",   "_vba_project_cur/vba/_vba_project",
		"ppt/vbaproject.bin",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_ieq(name, str_of(names[i])))
			return true;
	return false;
}

static bool in_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

/* "word/x.rtf", and no letter behind it */
static bool is_rtf_member(struct str name)
{
	if (!str_istarts(name, STR("word/")))
		return false;
	for (size_t at = 6; at < name.n && at <= 5 + RTF_NAME_MAX; at++)
		if (str_istarts(str_from(name, at), STR(".rtf")) &&
		    (at + 4 == name.n || !in_word(name.p[at + 4])))
			return true;
	return false;
}

/* One document that is a zip file. */
struct package {
	struct arena *a;
	const struct ole_patterns *p;
	struct ole_facts *f;
	struct zip_member *members;
	size_t n;
};

static bool content(struct package *z, const struct zip_member *m, struct str *out)
{
	return ole_unpack(z->a, m, z->f, out);
}

/* By the names of its members. */
static bool look_at_names(struct package *z, bool *macro)
{
	bool found = false;

	for (size_t i = 0; i < z->n; i++) {
		struct str name = z->members[i].name;
		bool is_macro = is_macro_member(name), is_rtf = is_rtf_member(name);
		bool is_object = str_istarts(name, STR("xl/embeddings/"));

		*macro |= is_macro;
		z->f->object |= is_object;
		z->f->rtf_object |= is_rtf;
		found |= is_macro || is_rtf || is_object;
	}
	z->f->macro |= *macro;
	return found;
}

static bool look_at_types(struct package *z)
{
	struct str text;

	for (size_t i = 0; i < z->n; i++) {
		if (!str_eq(z->members[i].name, STR("[Content_Types].xml")))
			continue;
		if (!z->f->macro && content(z, &z->members[i], &text))
			z->f->macro = re_match(z->p->content_type, text) == RE_MATCH;
		return true;
	}
	return false;
}

static void add_link(struct ole_facts *f, struct str link)
{
	for (size_t i = 0; i < f->n_links; i++)
		if (str_eq(f->links[i], link))
			return;
	if (f->n_links < OLE_LINKS_MAX)
		f->links[f->n_links++] = link;
}

/* One `Relationship`: where something is that the document needs. */
static void read_relation(struct package *z, struct str text)
{
	struct re_caps caps;
	struct str target;

	if (re_search(z->p->external, text, 0, &caps) != RE_MATCH)
		return;
	target = re_group(&caps, text, 1);
	z->f->mhtml |= re_match(z->p->mhtml, target) == RE_MATCH;
	if (str_istarts(target, STR("mhtml:")))
		target = str_from(target, 6);
	if (str_istarts(target, STR("http://")) || str_istarts(target, STR("https://")))
		add_link(z->f, target);
}

static void read_relations(struct package *z, struct str text)
{
	static const struct str word = STR_INIT("Relationship");

	while (text.n) {
		size_t end = 0;
		ptrdiff_t at;

		while ((at = str_find(str_from(text, end), word)) >= 0) {
			end += (size_t)at + word.n;
			if (end < text.n && ascii_is_blank(text.p[end]))
				break;
		}
		end = at < 0 ? text.n : end;
		read_relation(z, str_sub(text, 0, end));
		text = str_from(text, end);
	}
}

static bool look_at_relations(struct package *z)
{
	bool found = false;
	struct str text;

	for (size_t i = 0; i < z->n; i++) {
		if (!has(z->members[i].name, STR(".rels")) || !content(z, &z->members[i], &text))
			continue;
		found |= text.n > 0;
		read_relations(z, text);
	}
	return found;
}

static bool has_malice(struct package *z)
{
	struct str data;

	for (size_t i = 0; i < z->n; i++)
		if (has(z->members[i].name, STR(".bin")) && content(z, &z->members[i], &data) &&
		    re_match(z->p->malice, data) == RE_MATCH)
			return true;
	return false;
}

bool ole_check_zipped(struct arena *a, const struct ole_patterns *p, struct str name,
		      struct str data, struct ole_facts *f)
{
	struct package z = { .a = a, .p = p, .f = f };
	bool macro = false, found;

	if (!ole_is_zip(name, data) || !zip_read(a, data, &z.members, &z.n))
		return false;
	found = look_at_names(&z, &macro);
	found |= look_at_types(&z);
	found |= look_at_relations(&z);
	if (macro)
		f->malice |= has_malice(&z);
	return found;
}

static bool in_url_end(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (c && strchr("-+&@#/%=~_|", c));
}

static bool in_url(char c)
{
	return in_url_end(c) || (c && strchr("?!:,.;", c));
}

/* ".exe" and a mark behind it, whatever the dot is */
static bool is_program(struct str s)
{
	struct str ending = str_sub(s, 1, 3);

	return s.n >= 5 && s.p[0] != '\n' && memchr("\6|\0", s.p[4], 3) &&
	       (str_ieq(ending, STR("exe")) || str_ieq(ending, STR("cmd")) ||
		str_ieq(ending, STR("bat")));
}

/* What follows the scheme. */
static bool names_program(struct str s)
{
	size_t plain = 0; /* characters at the end that may stand in front of ".exe" */

	for (size_t n = 0; n < s.n && n <= 2 * URL_HALF_MAX; n++) {
		size_t most = n > URL_HALF_MAX ? n - URL_HALF_MAX : 0;

		if (n >= 2 * URL_HALF_MIN && plain >= URL_HALF_MIN && plain >= most &&
		    is_program(str_from(s, n)))
			return true;
		if (!in_url(s.p[n]))
			return false;
		plain = in_url_end(s.p[n]) ? plain + 1 : 0;
	}
	return false;
}

bool ole_downloads(struct str data)
{
	if (str_starts(data, STR("URLDownloadToFileA")))
		return false;
	for (size_t i = 0; i < data.n; i++) {
		struct str s = str_from(data, i + 1);

		if (data.p[i] != '\0' || !str_istarts(s, STR("http")))
			continue;
		s = str_from(s, 4 + (s.n > 4 && ascii_lower(s.p[4]) == 's'));
		if (str_starts(s, STR("://")) && names_program(str_from(s, 3)))
			return true;
	}
	return false;
}
