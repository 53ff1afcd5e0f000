/*
 * floor SOURCE_PORT TARGET_PORT THREADS <LIST
 *
 * The least a copy can cost: every blob once, POST, then GET spliced into PUT by the kernel. Nothing is
 * hashed, nothing is read into this process, no manifest is written. LIST has lines "repository digest size".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_JOBS = 4096, PIPE_BYTES = 1 << 20 };

struct job {
  char repository[128], digest[80];
  long size;
};

static struct job jobs[MAX_JOBS];
static int job_count, next_job, source_port, target_port;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "%s: %s\n", what, detail);
  exit(1);
}

static int connect_to(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect", "refused");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/* Reads one answer's head, byte by byte so as to leave the body for splice; gives the status. */
static int read_head(int fd, char *head, size_t size) {
  size_t n = 0;
  while (n < size - 1 && recv(fd, head + n, 1, 0) == 1) {
    head[++n] = 0;
    if (n > 3 && !memcmp(head + n - 4, "\r\n\r\n", 4)) break;
  }
  return n > 12 ? atoi(head + 9) : 0;
}

static void drain(int fd, const char *head) {
  const char *length = strcasestr(head, "content-length:");
  long left = length ? atol(length + 15) : 0;
  char rest[4096];
  while (left > 0) {
    ssize_t n = recv(fd, rest, left < (long)sizeof rest ? left : (long)sizeof rest, 0);
    if (n <= 0) break;
    left -= n;
  }
}

static void copy(const struct job *job, int source, int target, const int *pipe_fd) {
  char head[16384], request[16384], session[8192];
  int n = sprintf(request, "POST /v2/%s/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", job->repository);
  send(target, request, n, 0);
  if (read_head(target, head, sizeof head) != 202) fail("POST", head);
  drain(target, head);
  const char *location = strcasestr(head, "\nlocation: ") + 11, *authority = strstr(location, "://");
  const char *path = authority && authority < strstr(location, "\r\n") ? strchr(authority + 3, '/') : location;
  snprintf(session, sizeof session, "%.*s", (int)(strstr(path, "\r\n") - path), path);
  n = sprintf(request,
              "PUT %s%cdigest=%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: %ld\r\n\r\n",
              session, strchr(session, '?') ? '&' : '?', job->digest, job->size);
  send(target, request, n, MSG_MORE);
  n = sprintf(request, "GET /v2/%s/blobs/%s HTTP/1.1\r\nHost: x\r\n\r\n", job->repository, job->digest);
  send(source, request, n, 0);
  if (read_head(source, head, sizeof head) != 200) fail("GET", head);
  for (long left = job->size; left > 0;) {
    ssize_t got = splice(source, 0, pipe_fd[1], 0, left < PIPE_BYTES ? left : PIPE_BYTES, SPLICE_F_MOVE | SPLICE_F_MORE);
    if (got <= 0) fail("splice", "from the source");
    left -= got;
    while (got > 0) {
      ssize_t put = splice(pipe_fd[0], 0, target, 0, got, SPLICE_F_MOVE | (left ? SPLICE_F_MORE : 0));
      if (put <= 0) fail("splice", "to the target");
      got -= put;
    }
  }
  if (read_head(target, head, sizeof head) != 201) fail("PUT", head);
  drain(target, head);
}

static void *work(void *unused) {
  int source = connect_to(source_port), target = connect_to(target_port), pipe_fd[2];
  if (pipe(pipe_fd)) fail("pipe", "none left");
  fcntl(pipe_fd[1], F_SETPIPE_SZ, PIPE_BYTES);
  for (;;) {
    pthread_mutex_lock(&lock);
    int mine = next_job++;
    pthread_mutex_unlock(&lock);
    if (mine >= job_count) return unused;
    copy(&jobs[mine], source, target, pipe_fd);
  }
}

int main(int argc, char **argv) {
  if (argc != 4) fail("usage", "floor SOURCE_PORT TARGET_PORT THREADS <LIST");
  source_port = atoi(argv[1]);
  target_port = atoi(argv[2]);
  int threads = atoi(argv[3]);
  while (job_count < MAX_JOBS && scanf("%127s %79s %ld", jobs[job_count].repository, jobs[job_count].digest, &jobs[job_count].size) == 3) job_count++;
  pthread_t running[64];
  if (threads > 64) threads = 64;
  for (int i = 0; i < threads; i++) pthread_create(&running[i], 0, work, 0);
  for (int i = 0; i < threads; i++) pthread_join(running[i], 0);
  return 0;
}
