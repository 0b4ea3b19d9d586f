/*
 * err - why something failed, on the caller's stack.
 *
 * A function that can fail returns 0 or -1 and takes `struct err *e` as its last argument, never
 * NULL. Result parameters come just before it and are untouched on failure. Libraries do not log;
 * whoever stops an error from travelling on logs it, once.
 */
#pragma once

#include "base/lint.h"

enum err_code {
	ERR_NONE,
	ERR_INVALID,  /* what was given is wrong; the message says where and why */
	ERR_AUTH,     /* who are you */
	ERR_PERM,     /* you may not */
	ERR_NOTFOUND, /* there is no such thing */
	ERR_CONFLICT, /* it changed meanwhile, or it is in use */
	ERR_LIMIT,    /* a named limit was reached */
	ERR_TEMP,     /* try again later */
	ERR_SYS,      /* the operating system refused */
	ERR_BUG,      /* cannot happen */
};

struct err {
	enum err_code code;
	char msg[504];
};

/* Fills `e` and returns -1, so that a function can end in `return err_set(e, …)`. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF(3, 4);

/* As err_set() with ERR_SYS and the text of errno appended after ": ". */
int err_sys(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* Puts "context: " before the message, keeps the code, returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3);

int err_http(enum err_code code);         /* HTTP status */
const char *err_smtp(enum err_code code); /* enhanced status class: "4" or "5" */
int err_exit(enum err_code code);         /* exit status of a command */

/*
 * Says what and where on stderr and in the log, and ends the process with abort(). For states that
 * cannot be; stays in production, where one dead worker is a temporary failure of one mail.
 */
#define ASSERT(cond) ((cond) ? (void)0 : err_bug_(#cond, __FILE__, __LINE__))
NORETURN void err_bug_(const char *what, const char *file, int line);
