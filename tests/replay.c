/*
 * Stands in for libFuzzer's main(): feeds every file of a corpus directory to the fuzz target once,
 * as an exact heap copy, so that a sanitizer notices one byte read too many. An empty or missing
 * corpus is a failure: a fuzz target without seeds tests nothing.
 */
#define BASE_MAY_ALLOCATE
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_MAX = 32 << 20 };

static int replay(struct arena *a, const char *dir, const char *name)
{
	char *path = str_z(a, str_fmt(a, "%s/%s", dir, name));
	struct str seed;
	uint8_t *copy;
	struct err e;

	if (file_read(a, path, SEED_MAX, &seed, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return -1;
	}
	copy = malloc(seed.n ? seed.n : 1);
	if (!copy)
		return -1;
	if (seed.n)
		memcpy(copy, seed.p, seed.n);
	LLVMFuzzerTestOneInput(copy, seed.n);
	free(copy);
	return 0;
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("replay", (size_t)1 << 30);
	CLEAN_DIR DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	int seeds = 0;

	if (!dir) {
		fprintf(stderr, "usage: replay DIRECTORY (and it must exist)\n");
		return 2;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay(a, argv[1], entry->d_name) < 0)
			return 1;
		arena_reset(a);
		seeds++;
	}
	printf("%d seeds replayed\n", seeds);
	return seeds == 0;
}
