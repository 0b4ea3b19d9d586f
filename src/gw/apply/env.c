#include <grp.h>
#include <pwd.h>

#include "base/net.h"
#include "gw/apply/apply_int.h"
#include "lib/proc/spawn.h"

/* Starting clamd on its signatures takes the longest; postconf prints all of mynetworks. */
enum { COMMAND_TIMEOUT_MS = 180 * 1000, COMMAND_OUTPUT_MAX = 64 * 1024 * 1024 };

const char *at_root(struct arena *a, const struct apply_env *env, struct str path)
{
	return str_z(a, str_fmt(a, "%s%.*s", env->sysroot, STR_ARG(path)));
}

struct file_attr file_attr_of(const struct apply_env *env, const char *user, const char *group,
			      mode_t mode)
{
	struct file_attr attr = { mode, (uid_t)-1, (gid_t)-1 };
	const struct passwd *pw;
	const struct group *gr;

	if (env->sysroot[0])
		return attr;
	pw = getpwnam(user);
	gr = getgrnam(group);
	attr.uid = pw ? pw->pw_uid : 0;
	attr.gid = gr ? gr->gr_gid : 0;
	return attr;
}

int run_checked(struct arena *a, const struct apply_env *env, const char *const *argv,
		struct err *e)
{
	struct str output;
	int status;

	if (env->run(env->ctx, a, argv, &output, &status, e) < 0)
		return -1;
	if (status == 0)
		return 0;
	return err_set(e, ERR_SYS, "%s %s: exit status %d: %.*s", argv[0], argv[1] ? argv[1] : "",
		       status, STR_ARG(str_trim(str_sub(output, 0, 300))));
}

static int run_really(void *ctx, struct arena *a, const char *const *argv, struct str *output,
		      int *status, struct err *e)
{
	const struct spawn s = { .argv = argv,
				 .deadline = net_now() + COMMAND_TIMEOUT_MS,
				 .output_max = COMMAND_OUTPUT_MAX };
	struct spawn_result r;

	(void)ctx;
	if (spawn_run(a, &s, &r, e) < 0)
		return err_wrap(e, "%s", argv[0]);
	*output = str_cat(a, r.out, r.errors);
	*status = r.status;
	return 0;
}

static void say_on_stderr(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s\n", line);
}

int apply_env_system(struct arena *a, struct apply_env *out, struct err *e)
{
	*out = (struct apply_env){ .sysroot = "",
				   .systemd = access("/run/systemd/system", F_OK) == 0,
				   .run = run_really,
				   .say = say_on_stderr };
	if (cfg_env_system(a, &out->cfg, e) < 0)
		return -1;
	apply_facts_system(a, out->cfg.hostname, &out->facts);
	return 0;
}
