/* The policy daemon's front: what is set up, and the loop. */
#include <errno.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "gw/cfg/cfg.h"
#include "gw/policy/front_int.h"

enum { MEMORY_MAX = 64 << 20, SCRATCH_MAX = 64 << 20, TURN_MAX = 64 << 20, FILES_WANTED = 4096 };

int policy_make_directory(struct err *e)
{
	if (mkdir(POLICY_RUN_DIR, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "%s", POLICY_RUN_DIR);
	return 0;
}

int policy_open(struct arena *a, const struct policy_options *options, struct policy_front **out,
		struct err *e)
{
	struct policy_front *f = NEW(a, struct policy_front);

	f->options = *options;
	if (net_listen_tcp("127.0.0.1", (uint16_t)options->port, &f->listener, e) < 0)
		return -1;
	*out = f;
	return 0;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct policy_front *f = arg;

	(void)what;
	if (number == SIGCHLD) {
		front_reap(f);
	} else if (number == SIGHUP || number == SIGUSR1) {
		if (!f->stopping)
			front_reload(f);
	} else if (!f->stopping) {
		f->stopping = true;
		f->retry_at = 0;
		f->stop_at = net_now() + FRONT_STOP_MS;
		client_accepting(f, false);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct policy_front *f = arg;

	(void)fd;
	(void)what;
	front_retry(f);
	client_watch(f);
}

static void make_events(struct policy_front *f)
{
	static const int numbers[] = { SIGCHLD, SIGHUP, SIGUSR1, SIGTERM, SIGINT };
	const struct timeval often = { 0, 200 * 1000 };
	struct event_config *how = event_config_new();

	/* No descriptor of ours is ever duplicated, which is when this would not be safe. */
	ASSERT(how && event_config_set_flag(how, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0);
	f->base = event_base_new_with_config(how);
	event_config_free(how);
	ASSERT(f->base);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		f->signals[i] = evsignal_new(f->base, numbers[i], on_signal, f);
		ASSERT(f->signals[i] && event_add(f->signals[i], NULL) == 0);
	}
	f->accepting = event_new(f->base, f->listener, EV_READ | EV_PERSIST, client_on_listener, f);
	f->tick = event_new(f->base, -1, EV_PERSIST, on_tick, f);
	ASSERT(f->accepting && f->tick && event_add(f->tick, &often) == 0);
}

static void allow_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= FILES_WANTED)
		return;
	files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		log_warn("allow more files: %m");
}

static bool is_demo(struct arena *a)
{
	struct cfg_env env;
	struct cfg *cfg;
	struct err e;

	return cfg_env_system(a, &env, &e) == 0 && cfg_load(a, &env, &cfg, &e) == 0 &&
	       cfg->admin.demo;
}

/*
 * Lets FRONT_TURN_US pass from the end of one turn to that of the next, so that what comes
 * meanwhile is handled together: under load waking up, here and in the workers, costs more than
 * the work itself. A request that comes alone finds that this time has long passed.
 */
static void pace(struct timespec *end)
{
	end->tv_nsec += FRONT_TURN_US * 1000;
	end->tv_sec += end->tv_nsec / 1000000000;
	end->tv_nsec %= 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, end, NULL);
	clock_gettime(CLOCK_MONOTONIC, end);
}

void policy_run(struct policy_front *f)
{
	struct timespec end = { 0 };

	f->a = arena_open("front", MEMORY_MAX);
	f->scratch = arena_open("event", SCRATCH_MAX);
	f->turn = arena_open("turn", TURN_MAX);
	if (is_demo(f->a)) {
		log_info("demo mode detected - not starting server");
		return;
	}
	signal(SIGPIPE, SIG_IGN);
	allow_files();
	f->clients = NEW_N(f->a, struct client, FRONT_CLIENTS_MAX);
	f->mails = NEW_N(f->a, uint64_t, FRONT_MAILS_MAX);
	for (size_t i = 0; i < FRONT_CLIENTS_MAX; i++)
		f->clients[i].front = f;
	f->new.end = &f->new.first;
	f->waiting.end = &f->waiting.first;
	while (getrandom(&f->seed, sizeof(f->seed), 0) != (ssize_t)sizeof(f->seed))
		;
	make_events(f);
	front_reload(f);
	/* Connections wait until a generation is up, or is known not to come up now. */
	while (!f->stopping || (client_busy(f) && net_now() < f->stop_at)) {
		if (event_base_loop(f->base, EVLOOP_ONCE) < 0)
			break;
		front_dispatch(f);
		pace(&end);
	}
	client_close_all(f);
	front_close_members(f);
}
