/**
 * The libc calls of the packet path, and nothing else. Each line carries its C declaration.
 *
 * Pointers are passed as numbers (`uintptr_t`): addresses inside the WebAssembly memory, whose base never moves.
 * Small option values travel as typed arrays (`void *`).
 */
import koffi from "koffi"

const lib = koffi.load("libc.so.6")

/** struct sock_filter, an instruction of classic BPF; struct sock_fprog, a program of them (linux/filter.h). */
koffi.struct("sock_filter", { code: "uint16_t", jt: "uint8_t", jf: "uint8_t", k: "uint32_t" })
const sockFprog = koffi.struct("sock_fprog", { len: "uint16_t", filter: "sock_filter *" })

/** The linear memory's native address: memcpy of zero bytes returns its destination. */
const addressOfBytes = lib.func("memcpy", "uintptr_t", ["void *", "void *", "size_t"])

export const libc = {
  /** int socket(int domain, int type, int protocol) */
  socket: lib.func("socket", "int", ["int", "int", "int"]),
  /** int bind(int fd, const struct sockaddr *addr, socklen_t len) */
  bind: lib.func("bind", "int", ["int", "void *", "uint32_t"]),
  /** int connect(int fd, const struct sockaddr *addr, socklen_t len) */
  connect: lib.func("connect", "int", ["int", "void *", "uint32_t"]),
  /** int setsockopt(int fd, int level, int name, const void *value, socklen_t len) */
  setsockopt: lib.func("setsockopt", "int", ["int", "int", "int", "void *", "uint32_t"]),
  /** setsockopt with a struct sock_fprog, for SO_ATTACH_FILTER */
  attachFilter: lib.func("setsockopt", "int", ["int", "int", "int", koffi.pointer(sockFprog), "uint32_t"]),
  /** int getsockname(int fd, struct sockaddr *addr, socklen_t *len) */
  getsockname: lib.func("getsockname", "int", ["int", "void *", "void *"]),
  /** int getpeername(int fd, struct sockaddr *addr, socklen_t *len) */
  getpeername: lib.func("getpeername", "int", ["int", "void *", "void *"]),
  /** int getsockopt(int fd, int level, int name, void *value, socklen_t *len) */
  getsockopt: lib.func("getsockopt", "int", ["int", "int", "int", "void *", "void *"]),
  /** int close(int fd) */
  close: lib.func("close", "int", ["int"]),
  /**
   * int open(const char *path, int flags, mode_t mode): the third argument is passed alike with and without `...` on
   * Linux
   */
  open: lib.func("open", "int", ["str", "int", "uint32_t"]),
  /** ssize_t write(int fd, const void *bytes, size_t length) */
  write: lib.func("write", "intptr_t", ["int", "uintptr_t", "size_t"]),
  /** int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags, struct timespec *timeout) */
  recvmmsg: lib.func("recvmmsg", "int", ["int", "uintptr_t", "uint32_t", "int", "uintptr_t"]),
  /** int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags) */
  sendmmsg: lib.func("sendmmsg", "int", ["int", "uintptr_t", "uint32_t", "int"]),
  /** int epoll_create1(int flags) */
  epollCreate1: lib.func("epoll_create1", "int", ["int"]),
  /** int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) */
  epollCtl: lib.func("epoll_ctl", "int", ["int", "int", "int", "void *"]),
  /** int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms) */
  epollWait: lib.func("epoll_wait", "int", ["int", "void *", "int", "int"]),
  /** int clock_gettime(clockid_t clock, struct timespec *ts) */
  clockGettime: lib.func("clock_gettime", "int", ["int", "void *"]),
  /** int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *remain) */
  clockNanosleep: lib.func("clock_nanosleep", "int", ["int", "int", "void *", "uintptr_t"]),
  /** unsigned int if_nametoindex(const char *name) */
  ifNametoindex: lib.func("if_nametoindex", "uint32_t", ["str"]),
  /** void *dlsym(void *handle, const char *name): 0 searches all libraries of the process */
  dlsym: lib.func("dlsym", "uintptr_t", ["uintptr_t", "str"]),
  /** int madvise(void *address, size_t length, int advice) */
  madvise: lib.func("madvise", "int", ["uintptr_t", "size_t", "int"]),
  /** void *memcpy(void *to, const void *from, size_t length) */
  memcpy: lib.func("memcpy", "uintptr_t", ["uintptr_t", "uintptr_t", "size_t"]),
  /** void *calloc(size_t count, size_t size) */
  calloc: lib.func("calloc", "uintptr_t", ["size_t", "size_t"]),
  /** int sem_init(sem_t *sem, int pshared, unsigned int value) */
  semInit: lib.func("sem_init", "int", ["uintptr_t", "int", "uint32_t"]),
  /** int sem_post(sem_t *sem) */
  semPost: lib.func("sem_post", "int", ["uintptr_t"]),
  /** int sem_trywait(sem_t *sem): -1 when the value is 0 */
  semTrywait: lib.func("sem_trywait", "int", ["uintptr_t"]),
  /** int sem_getvalue(sem_t *sem, int *value) */
  semGetvalue: lib.func("sem_getvalue", "int", ["uintptr_t", "void *"]),
  /** int mallopt(int parameter, int value) */
  mallopt: lib.func("mallopt", "int", ["int", "int"]),
  /** int malloc_trim(size_t pad) */
  mallocTrim: lib.func("malloc_trim", "int", ["size_t"]),
  /**
   * int ioctl(int fd, unsigned long request, void *argument): the third argument is passed alike with and without `...`
   * on Linux
   */
  ioctl: lib.func("ioctl", "int", ["int", "ulong", "void *"]),
  /** void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset) */
  mmap: lib.func("mmap", "intptr_t", ["uintptr_t", "size_t", "int", "int", "int", "int64_t"]),
  /** int memfd_create(const char *name, unsigned int flags) */
  memfdCreate: lib.func("memfd_create", "int", ["str", "uint32_t"]),
  /** int ftruncate(int fd, off_t length) */
  ftruncate: lib.func("ftruncate", "int", ["int", "int64_t"]),
  /** int ntp_adjtime(struct timex *buf): with `modes` 0 it only reads */
  ntpAdjtime: lib.func("ntp_adjtime", "int", ["void *"]),
}

/** Native address of a buffer that never moves (the WebAssembly memory). */
export const nativeAddress = (bytes: Uint8Array): number => Number(addressOfBytes(bytes, bytes, 0))

const PROT_READ_WRITE = 1 | 2
const MAP_SHARED = 1

/**
 * Makes a file of memory `length` bytes long and maps it for good: what is written there is in the file. Null when that
 * cannot be done. Never for a file on a disk, which may be full when a page is first written to (SIGBUS).
 */
export const mapShared = (fd: number, length: number): ArrayBuffer | null => {
  if (libc.ftruncate(fd, length) !== 0) return null
  const at = Number(libc.mmap(0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0))
  return at === -1 ? null : koffi.view(at as never, length)
}

/** errno of the last libc call on this thread. */
export const errno = (): number => koffi.errno()

const errnoNames = new Map<number, string>(Object.entries(koffi.os.errno).map(([name, code]) => [Number(code), name]))

/** `EADDRINUSE` and the like; `errno 123` for one without a name. */
export const errnoName = (code: number): string => errnoNames.get(code) ?? `errno ${code}`

export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000
export const SOCK_DGRAM = 2
export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_TYPE = 3
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_ATTACH_FILTER = 26
export const SO_RCVBUFFORCE = 33
export const SO_TIMESTAMPNS = 35
export const SO_MEMINFO = 55
/** SO_MEMINFO's nine u32: bytes queued with the kernel's overhead, the buffer's size, and datagrams dropped. */
export const SK_MEMINFO_RMEM_ALLOC = 0
export const SK_MEMINFO_RCVBUF = 1
export const SK_MEMINFO_VARS = 9
/** Index of the drop counter in SO_MEMINFO's nine u32. */
export const SK_MEMINFO_DROPS = 8
export const IPPROTO_IP = 0
export const IPPROTO_IPV6 = 41
export const IP_TOS = 1
export const IP_TTL = 2
export const IP_MTU_DISCOVER = 10
export const IP_PMTUDISC_DO = 2
export const IP_MTU = 14
export const IP_MULTICAST_IF = 32
export const IP_MULTICAST_TTL = 33
export const IP_MULTICAST_LOOP = 34
export const MCAST_JOIN_GROUP = 42
export const MCAST_LEAVE_GROUP = 45
export const MCAST_JOIN_SOURCE_GROUP = 46
export const MCAST_MSFILTER = 48
export const IP_MULTICAST_ALL = 49
export const IPV6_UNICAST_HOPS = 16
export const IPV6_MULTICAST_IF = 17
export const IPV6_MULTICAST_HOPS = 18
export const IPV6_MULTICAST_LOOP = 19
export const IPV6_MTU_DISCOVER = 23
export const IPV6_MTU = 24
export const IPV6_V6ONLY = 26
export const IPV6_MULTICAST_ALL = 29
export const IPV6_DONTFRAG = 62
export const IPV6_TCLASS = 67
export const MADV_DONTNEED = 4
export const MSG_DONTWAIT = 0x40
export const EIO = 5
export const EAGAIN = 11
export const ENODEV = 19
export const EINVAL = 22
export const EMSGSIZE = 90
export const EADDRINUSE = 98
export const ENOBUFS = 105
export const ECONNREFUSED = 111
export const SIOCGIFNAME = 0x8910
export const SIOCGIFCONF = 0x8912
export const SIOCGIFFLAGS = 0x8913
export const SIOCGIFADDR = 0x8915
export const IFF_UP = 1
export const IFF_RUNNING = 0x40
export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
export const EPOLLIN = 1
export const M_TRIM_THRESHOLD = -1
export const M_MMAP_THRESHOLD = -3
export const CLOCK_REALTIME = 0
export const CLOCK_MONOTONIC = 1
export const CLOCK_THREAD_CPUTIME_ID = 3
export const TIMER_ABSTIME = 1
