/*
 * eval_extract - ExtractText: programs of others turn attachments into text that rules see.
 *
 *	extracttext_external NAME [{VAR=VALUE}]... PROGRAM ARGUMENT...
 *			a tool: the first {} of an argument is the file with the attachment, which
 *is also the standard input; the text is what it prints extracttext_use NAME SPECIFIER... for which
 *parts: .ext or a pattern for the file name; a pattern for the content type if there is a slash in
 *it. Patterns match whole, in any case extracttext_maxparts N		parts looked at, text parts
 *too; default 10, 0: all extracttext_timeout S [TOTAL]	seconds of a program, and of all for one
 *mail; default 5 and 10
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/conf.h"

enum {
	EXTRACT_TOOLS_MAX = 100,
	EXTRACT_USES_MAX = 1000,
	EXTRACT_ARGS_MAX = 100, /* of one tool; variables of its environment: SPAWN_ENV_MAX */
	EXTRACT_SECONDS_MAX = 600,
	EXTRACT_TEXT_MAX = 512 << 10, /* bytes that one program may print; more is left out */
	EXTRACT_ALL_MAX = 4 << 20,    /* the same of all programs for one mail */
	EXTRACT_MEMORY_MAX = 1 << 30, /* of one program */
};

struct extract_tool {
	struct str name;
	const char *const *argv, *const *env; /* NULL at the end */
	bool missing;                         /* there is no such program */
};

struct extract_use {
	struct str name;
	struct re *re;
	bool of_type; /* the pattern is for the content type */
	const struct extract_tool *tool;
};

/* What in a text is worth a flag: a link in HTML, and what readers of QR codes print. */
enum { EXTRACT_RE_ANCHOR, EXTRACT_RE_CODE, EXTRACT_RES };

struct extract_conf {
	VEC(struct extract_tool) tools;
	VEC(struct extract_use) uses;  /* once the settings are complete: of tools there are */
	int64_t parts, seconds, total; /* total 0: not given */
	struct re *re[EXTRACT_RES];
};

void extract_conf_init(struct spam_conf *c, void *conf);
enum conf_verdict extract_setting(struct conf_parser *p, void *conf, struct str key,
				  struct str value);
/* Warns, once, of programs that are not installed: attachments for them are let be. */
void extract_conf_done(struct spam_conf *c, void *conf);

/*
 * Looks at the parts of `m` that are no text, has tools extract theirs, and adds what they found:
 * the text to the body, and pseudo headers X-ExtractText-… about it. Whatever fails is as if the
 * tool did not exist. Only before a view of the body was made.
 */
void extract_run(struct arena *a, struct spam_message *m, const struct extract_conf *conf);
