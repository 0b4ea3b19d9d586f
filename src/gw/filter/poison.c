#include "gw/filter/poison.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>

#include "base/clean.h"
#include "base/log.h"

enum { HASH_BYTES = 32, HASH_PIECE = 64 * 1024 };

struct poison {
	_Atomic unsigned counted; /* deaths in all */
	_Atomic unsigned next;	  /* the place that is used, or reused, next */
	struct {
		unsigned char hash[HASH_BYTES];
		_Atomic unsigned deaths;
	} mail[POISON_MAILS];
};

int poison_open(struct poison **out, struct err *e)
{
	void *p = mmap(NULL, sizeof(struct poison), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return err_sys(e, "shared memory");
	*out = p;
	return 0;
}

static void hash_of(struct str mail, unsigned char hash[HASH_BYTES])
{
	ASSERT(EVP_Digest(mail.p, mail.n, hash, NULL, EVP_sha256(), NULL) == 1);
}

static size_t place_of(const struct poison *p, const unsigned char hash[HASH_BYTES])
{
	size_t i = 0;

	while (i < POISON_MAILS &&
	       !(p->mail[i].deaths && memcmp(p->mail[i].hash, hash, HASH_BYTES) == 0))
		i++;
	return i;
}

unsigned poison_deaths(const struct poison *p, struct str mail)
{
	unsigned char hash[HASH_BYTES];
	size_t i;

	if (p->counted == 0)
		return 0;
	hash_of(mail, hash);
	i = place_of(p, hash);
	return i < POISON_MAILS ? p->mail[i].deaths : 0;
}

static unsigned count_one(struct poison *p, const unsigned char hash[HASH_BYTES])
{
	size_t i = place_of(p, hash);

	if (i == POISON_MAILS) {
		i = p->next++ % POISON_MAILS;
		p->mail[i].deaths = 0;
		memcpy(p->mail[i].hash, hash, HASH_BYTES);
	}
	p->counted++;
	return ++p->mail[i].deaths;
}

/* Piece by piece: a mail may be larger than the memory that one process should take. */
static int hash_file(const char *path, unsigned char hash[HASH_BYTES], struct err *e)
{
	CLEAN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	char piece[HASH_PIECE];
	ssize_t n = -1;

	ASSERT(digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1);
	while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
		ASSERT(EVP_DigestUpdate(digest, piece, (size_t)n) == 1);
	ASSERT(EVP_DigestFinal_ex(digest, hash, NULL) == 1);
	EVP_MD_CTX_free(digest);
	return n < 0 ? err_sys(e, "%s", path) : 0;
}

void poison_count(struct poison *p, const char *path)
{
	unsigned char hash[HASH_BYTES];
	struct err e;

	if (hash_file(path, hash, &e) < 0) {
		log_err("a worker died of a mail that cannot be read: %s", e.msg);
		return;
	}
	log_err("a worker died while it handled %s (death %u of this mail, it is set aside after "
		"%d)",
		path, count_one(p, hash), POISON_DEATHS);
}
