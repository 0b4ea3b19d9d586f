/*
 * apply - from settings to running services.
 *
 * Everything under /etc/pmg is read and checked, all templates are rendered in memory, then the
 * files that differ are replaced, maps are compiled, and each service whose file changed is told
 * so, once. A mistake in a setting or a template stops all of this before the first file is
 * touched. What to reload is never decided by hand: it stands in the table of targets.
 *
 * What depends on the machine comes in through `struct apply_env`, so that tests run on a directory
 * of their own and see the commands that would be run.
 */
#pragma once

#include "gw/cfg/cfg.h"
#include "gw/cfg/lists.h"
#include "lib/tmpl/tmpl.h"

struct apply_facts {
	struct cidr_addr int_ip;  /* this node; 127.0.0.1 if no better one is known */
	struct cidr network;      /* the local network it lies in, or the address alone */
	struct str postgres;      /* version of the cluster "main", "15" */
	VEC(struct cidr_addr) own; /* of all interfaces */
};

/* The SMTP whitelist as Postfix's tables (policy.md section 7). */
struct apply_access {
	struct str senders, receivers, clients, postscreen;
};

struct apply_env {
	const char *sysroot; /* in front of every path; "" on a real machine */
	struct cfg_env cfg;  /* its `dir` is below the sysroot too */
	struct apply_facts facts;
	const struct apply_access *access; /* NULL: not known, the tables stay as they are */
	bool systemd; /* runs here */
	/* Runs a command to its end, with a deadline; output and status as in spawn_run(). */
	int (*run)(void *ctx, struct arena *a, const char *const *argv, struct str *output,
		   int *status, struct err *e);
	/* One line for the administrator. */
	void (*say)(void *ctx, const char *line);
	void *ctx;
};

/* This machine; `run` really runs, `say` writes to stderr. */
MUST_CHECK int apply_env_system(struct arena *a, struct apply_env *out, struct err *e);

/* Which address and network this node has: resolved name, else an interface's, else loopback. */
void apply_facts_system(struct arena *a, const char *hostname, struct apply_facts *out);

/* All that `pmgconfig sync` reads. */
struct apply_state {
	struct cfg *cfg;
	struct cfg_lists lists;
};

/*
 * Reads settings and tables. Problems in them are told through `say`, one line each, and make it
 * fail with ERR_INVALID; with `lenient` they are told only.
 */
MUST_CHECK int apply_read(struct arena *a, const struct apply_env *env, bool lenient,
			  struct apply_state *out, struct err *e);

/* The variables that templates see (config.md section 4). */
struct tmpl_value *apply_vars(struct arena *a, const struct apply_env *env,
			      const struct apply_state *s);

/* "a.b.c = value" lines, sorted: `pmgconfig dump`. */
struct str apply_dump(struct arena *a, const struct tmpl_value *vars);

/*
 * Brings the machine in line with the settings; with `restart` services whose files changed are
 * reloaded or restarted if they run. *changed is the number of files replaced.
 */
MUST_CHECK int apply_sync(struct arena *a, const struct apply_env *env, bool restart,
			  size_t *changed, struct err *e);

/* Directories, empty tables, keys and certificates that are missing: `pmgconfig init`. */
MUST_CHECK int apply_init(struct arena *a, const struct apply_env *env, struct err *e);

/* pmg-api.pem and pmg-tls.pem (config.md section 14); an existing one stays unless `force`. */
MUST_CHECK int apply_api_cert(struct arena *a, const struct apply_env *env, bool force,
			      struct err *e);
MUST_CHECK int apply_tls_cert(struct arena *a, const struct apply_env *env, bool force,
			      struct err *e);

/* A key to sign mails with: /etc/pmg/dkim/[DOMAIN/]SELECTOR.private, readable for the filter. */
struct apply_dkim {
	struct str domain; /* empty: for all domains that have no key of their own */
	struct str selector;
	int bits;   /* of an RSA key; 0: Ed25519 */
	bool force; /* replace one that exists */
};
enum { DKIM_KEY_BITS_MIN = 1024, DKIM_KEY_BITS_MAX = 8192 };

/* Makes it, unless there is one of that kind and size; ERR_CONFLICT if there is another one. */
MUST_CHECK int apply_dkim_make(struct arena *a, const struct apply_env *env,
			       const struct apply_dkim *w, struct err *e);

/* Writes admin.dkim_selector; the file's comments are lost. */
MUST_CHECK int apply_dkim_select(struct arena *a, const struct apply_env *env, struct str selector,
				 struct err *e);
