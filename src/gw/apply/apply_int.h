/* Between the files of gw/apply. */
#pragma once

#include <sys/types.h>

#include "base/file.h"
#include "base/vec.h"
#include "gw/apply/apply.h"

/* What has to be told that its configuration changed. */
enum service { SERVICE_POSTFIX, SERVICE_CLAMD, SERVICE_FRESHCLAM, SERVICE_FILTER, SERVICE_POLICY };
enum { SERVICE_COUNT = SERVICE_POLICY + 1 };

/* A set of services. */
enum { SERVICE_NONE = 0 };
#define SERVICE_BIT(service) (1u << (service))

const char *service_name(enum service service);

/* Reloads or restarts it if it runs; one that does not run is no error. */
MUST_CHECK int service_refresh(struct arena *a, const struct apply_env *env, enum service service,
			       struct err *e);

/* A file of the machine as it should be. */
struct target_file {
	struct str path; /* without the sysroot */
	struct str content;
	struct file_attr attr;
	unsigned services;
	struct tmpl_places places; /* where its lines are from, if a template made it */
};

struct target_files {
	VEC(struct target_file) list;
};

/* All files, in memory. Files of software that is not installed are left out. */
MUST_CHECK int targets_render(struct arena *a, const struct apply_env *env,
			      const struct apply_state *s, struct target_files *out,
			      struct err *e);

/*
 * Refuses (ERR_INVALID) a main.cf or master.cf among the files with which Postfix would not do what
 * it says, or nothing at all. Each fault is told through `say`, with template and line.
 */
MUST_CHECK int postfix_judge(struct arena *a, const struct apply_env *env,
			     const struct target_files *files, struct err *e);

/* Makes what is missing, compiles what is newer than its map. */
MUST_CHECK int maps_update(struct arena *a, const struct apply_env *env, struct err *e);
MUST_CHECK int maps_create(struct arena *a, const struct apply_env *env, struct err *e);

/*
 * Adds to the problems of the settings what would let mail run in a circle (a relay, smarthost or
 * transport that is this gateway itself), keep it here (a relay domain that is this gateway itself)
 * or turn all of it away (the last relay domain is gone, mails may be larger than the disk).
 */
void check_mail_flow(struct arena *a, const struct apply_env *env, struct apply_state *s);

/* Removes what the spam engine has learnt in ways that the settings switch off. */
MUST_CHECK int forget_learnt(struct arena *a, const struct apply_env *env,
			     const struct apply_state *s, struct err *e);

/* Below the sysroot, as a C string. */
const char *at_root(struct arena *a, const struct apply_env *env, struct str path);

/* Ids for new files; unknown names, and all under a sysroot, stay with the process. */
struct file_attr file_attr_of(const struct apply_env *env, const char *user, const char *group,
			      mode_t mode);

/* Runs a command that must succeed; its output is in the error if it does not. */
MUST_CHECK int run_checked(struct arena *a, const struct apply_env *env, const char *const *argv,
			   struct err *e);
