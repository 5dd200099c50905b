/*
 * The C peer of `npm run bench`: RTP or UDP in, SRT callers and UDP out, on libsrt and recvmmsg/sendmmsg. Same shape as the product's
 * engine: one thread that blocks in epoll_wait, coalesces to a tick, drains each channel with recvmmsg, hands the kernel's receive time
 * to libsrt as srctime, and binds many SRT callers to one local port. No control, no statistics beyond what it prints at the end.
 *
 * cc -O2 -o relay relay.c -l:libsrt.so.1.5
 * relay --channels 25 --base-port 20000 --port-step 2 --tick-us 8000 [--srt-port 30000 --srt-outputs 2] [--udp-port 40000 --udp-outputs 2]
 *
 * With --gso 1 each burst to a UDP output is one sendmsg with UDP_SEGMENT, as our own SRT stack sends: what that costs is what the kernel
 * takes for such an output, whatever the program does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* libsrt 1.5, declared by hand so that no header package is needed. */
typedef int32_t SRTSOCKET;
typedef struct {
  int flags, msgttl, inorder, boundary;
  int64_t srctime;
  int32_t pktseq, msgno;
  void *grpdata;
  size_t grpdata_size;
} SRT_MSGCTRL;
int srt_startup(void);
int srt_cleanup(void);
SRTSOCKET srt_create_socket(void);
int srt_bind(SRTSOCKET, const struct sockaddr *, int);
int srt_connect(SRTSOCKET, const struct sockaddr *, int);
int srt_close(SRTSOCKET);
int srt_getsockname(SRTSOCKET, struct sockaddr *, int *);
int srt_getsockstate(SRTSOCKET);
int srt_setsockflag(SRTSOCKET, int, const void *, int);
int srt_sendmsg2(SRTSOCKET, const char *, int, SRT_MSGCTRL *);
int64_t srt_connection_time(SRTSOCKET);
const char *srt_getlasterror_str(void);
enum { SRTO_SNDSYN = 1, SRTO_RCVSYN = 2, SRTO_SNDBUF = 5, SRTO_UDP_SNDBUF = 8, SRTO_UDP_RCVBUF = 9, SRTO_REUSEADDR = 15, SRTO_SENDER = 21, SRTO_STREAMID = 46 };
enum { SRTS_CONNECTED = 5 };

enum { BATCH = 64, STRIDE = 2048, MAX_CHANNELS = 256, MAX_OUTPUTS = 64 };

static volatile sig_atomic_t stopped;
static void on_signal(int signal) { (void)signal, stopped = 1; }

static void die(const char *what) {
  fprintf(stderr, "relay: %s: %s\n", what, errno ? strerror(errno) : srt_getlasterror_str());
  exit(1);
}

static int64_t now_us(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static struct sockaddr_in local(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return address;
}

static int udp_socket(int option, int size) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, option, &size, sizeof size);
  return fd;
}

struct output {
  SRTSOCKET socket;
  int connected;
  int64_t min_us;
};
static struct output srt_outputs[MAX_CHANNELS][MAX_OUTPUTS];
static int udp_outputs[MAX_CHANNELS][MAX_OUTPUTS];
static int inputs[MAX_CHANNELS];

static SRTSOCKET srt_socket(const char *streamid) {
  int no = 0, yes = 1, udp_send = 4 << 20, udp_receive = 1 << 20, send_buffer = 4687500;
  SRTSOCKET s = srt_create_socket();
  srt_setsockflag(s, SRTO_SNDSYN, &no, 4);
  srt_setsockflag(s, SRTO_RCVSYN, &no, 4);
  srt_setsockflag(s, SRTO_SENDER, &yes, 4);
  srt_setsockflag(s, SRTO_REUSEADDR, &yes, 4);
  srt_setsockflag(s, SRTO_SNDBUF, &send_buffer, 4);
  srt_setsockflag(s, SRTO_UDP_SNDBUF, &udp_send, 4);
  srt_setsockflag(s, SRTO_UDP_RCVBUF, &udp_receive, 4);
  if (streamid) srt_setsockflag(s, SRTO_STREAMID, streamid, (int)strlen(streamid));
  return s;
}

static int argument(int argc, char **argv, const char *name, int fallback) {
  for (int i = 1; i + 1 < argc; i += 2)
    if (strcmp(argv[i], name) == 0) return atoi(argv[i + 1]);
  return fallback;
}

/* Sends up to GSO_MAX datagrams of one length at once; returns how many. */
enum { GSO_MAX = 44 };
static int send_segments(int fd, struct iovec *datagrams, int count) {
  uint16_t size = (uint16_t)datagrams[0].iov_len;
  char control[CMSG_SPACE(sizeof size)] __attribute__((aligned(8))) = {0};
  int n = 0;
  while (n < count && n < GSO_MAX && datagrams[n].iov_len == size) n++;
  struct msghdr message = {.msg_iov = datagrams, .msg_iovlen = (size_t)n, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *segment = CMSG_FIRSTHDR(&message);
  segment->cmsg_level = SOL_UDP;
  segment->cmsg_type = UDP_SEGMENT;
  segment->cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(segment), &size, sizeof size);
  return sendmsg(fd, &message, MSG_DONTWAIT) < 0 ? -1 : n;
}

int main(int argc, char **argv) {
  int channels = argument(argc, argv, "--channels", 1);
  int base_port = argument(argc, argv, "--base-port", 20000);
  int port_step = argument(argc, argv, "--port-step", 2);
  int64_t tick_us = argument(argc, argv, "--tick-us", 8000);
  int srt_port = argument(argc, argv, "--srt-port", 0);
  int srt_count = argument(argc, argv, "--srt-outputs", srt_port ? 2 : 0);
  int udp_port = argument(argc, argv, "--udp-port", 0);
  int udp_count = argument(argc, argv, "--udp-outputs", udp_port ? 2 : 0);
  int gso = argument(argc, argv, "--gso", 0);
  int per_port = argument(argc, argv, "--callers-per-port", 24);
  if (channels > MAX_CHANNELS || srt_count > MAX_OUTPUTS || udp_count > MAX_OUTPUTS) die("too many");

  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  srt_startup();

  int poller = epoll_create1(EPOLL_CLOEXEC);
  struct sockaddr_in shared = {0};
  int callers = 0;
  for (int c = 0; c < channels; c++) {
    int on = 1;
    struct sockaddr_in address = local(base_port + c * port_step);
    inputs[c] = udp_socket(SO_RCVBUF, 4 << 20);
    setsockopt(inputs[c], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (bind(inputs[c], (struct sockaddr *)&address, sizeof address)) die("bind");
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, inputs[c], &event);
    for (int o = 0; o < srt_count; o++, callers++) {
      char id[32];
      snprintf(id, sizeof id, "c%d-o%d", c, o);
      SRTSOCKET s = srt_outputs[c][o].socket = srt_socket(id);
      int length = sizeof shared;
      if (callers % per_port == 0) {
        memset(&shared, 0, sizeof shared);
        shared.sin_family = AF_INET;
      }
      errno = 0;
      if (srt_bind(s, (struct sockaddr *)&shared, sizeof shared)) die("srt_bind");
      srt_getsockname(s, (struct sockaddr *)&shared, &length);
      struct sockaddr_in peer = local(srt_port);
      if (srt_connect(s, (struct sockaddr *)&peer, sizeof peer)) die("srt_connect");
    }
    for (int o = 0; o < udp_count; o++) {
      struct sockaddr_in peer = local(udp_port + c * udp_count + o);
      udp_outputs[c][o] = udp_socket(SO_SNDBUF, 1 << 20);
      if (connect(udp_outputs[c][o], (struct sockaddr *)&peer, sizeof peer)) die("connect");
    }
  }

  static char data[BATCH][STRIDE] __attribute__((aligned(64)));
  static char control[BATCH][64] __attribute__((aligned(16)));
  static struct mmsghdr receive[BATCH], send[BATCH];
  static struct iovec in[BATCH], out[BATCH];
  for (int i = 0; i < BATCH; i++) {
    in[i] = (struct iovec){data[i], STRIDE};
    receive[i].msg_hdr.msg_iov = &in[i];
    receive[i].msg_hdr.msg_iovlen = 1;
    receive[i].msg_hdr.msg_control = control[i];
    send[i].msg_hdr.msg_iov = &out[i];
    send[i].msg_hdr.msg_iovlen = 1;
  }

  uint64_t received = 0, sent = 0, failed = 0;
  int64_t check_us = 0;
  struct epoll_event events[MAX_CHANNELS];
  while (!stopped) {
    int ready = epoll_wait(poller, events, MAX_CHANNELS, 20);
    int64_t now = now_us(CLOCK_MONOTONIC);
    int64_t offset = now_us(CLOCK_REALTIME) - now;
    if (now >= check_us) {
      check_us = now + 250000;
      for (int c = 0; c < channels; c++)
        for (int o = 0; o < srt_count; o++) {
          struct output *output = &srt_outputs[c][o];
          int state = srt_getsockstate(output->socket);
          if (!output->connected && state == SRTS_CONNECTED) output->min_us = srt_connection_time(output->socket);
          output->connected = state == SRTS_CONNECTED;
        }
    }
    for (int e = 0; e < ready; e++) {
      int c = (int)events[e].data.u32;
      for (int n = BATCH; n == BATCH;) {
        for (int i = 0; i < BATCH; i++) receive[i].msg_hdr.msg_controllen = sizeof control[i];
        n = recvmmsg(inputs[c], receive, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++) {
          char *payload = data[i];
          int length = (int)receive[i].msg_len;
          if ((payload[0] & 0xc0) == 0x80 && length > 12) payload += 12, length -= 12;
          out[i] = (struct iovec){payload, (size_t)length};
          struct cmsghdr *stamp = CMSG_FIRSTHDR(&receive[i].msg_hdr);
          int64_t at = now;
          if (stamp && stamp->cmsg_level == SOL_SOCKET && stamp->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(stamp), sizeof t);
            at = t.tv_sec * 1000000LL + t.tv_nsec / 1000 - offset;
          }
          for (int o = 0; o < srt_count; o++) {
            struct output *output = &srt_outputs[c][o];
            if (!output->connected) continue;
            if (at > output->min_us) output->min_us = at;
            SRT_MSGCTRL control = {.msgttl = -1, .srctime = output->min_us, .pktseq = -1, .msgno = -1};
            if (srt_sendmsg2(output->socket, payload, length, &control) < 0) failed++;
            else sent++;
          }
        }
        if (n <= 0) break;
        received += (uint64_t)n;
        for (int o = 0; o < udp_count; o++) {
          int done = 0;
          if (!gso) done = sendmmsg(udp_outputs[c][o], send, (unsigned)n, MSG_DONTWAIT);
          for (int went = 1; gso && done < n && went > 0; done += went > 0 ? went : 0) went = send_segments(udp_outputs[c][o], out + done, n - done);
          sent += done > 0 ? (uint64_t)done : 0;
          failed += (uint64_t)(n - (done > 0 ? done : 0));
        }
      }
    }
    int64_t next = (now / tick_us + 1) * tick_us;
    struct timespec until = {next / 1000000, next % 1000000 * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  }
  printf("{\"received\":%llu,\"sent\":%llu,\"failed\":%llu}\n", (unsigned long long)received, (unsigned long long)sent, (unsigned long long)failed);
  fflush(stdout);
  for (int c = 0; c < channels; c++)
    for (int o = 0; o < srt_count; o++) srt_close(srt_outputs[c][o].socket);
  srt_cleanup();
  return 0;
}
