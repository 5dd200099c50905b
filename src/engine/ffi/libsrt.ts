/**
 * libsrt's C interface as used here, and nothing else. Sockets and epoll ids are int32. Only non-blocking calls:
 * libsrt's own threads never call back into JavaScript (`listenCallback` is given a function of libc), and
 * srt_getlasterror is per thread, so every call stays on the packet loop's.
 */
import koffi from "koffi"

/** The OpenSSL build of Debian; the GnuTLS one has another soname. */
const SONAME = "libsrt.so.1.5"

const bindings = (lib: ReturnType<typeof koffi.load>) => ({
  /** int srt_startup(void) */
  startup: lib.func("srt_startup", "int", []),
  /** int srt_cleanup(void): closes all, joins all threads */
  cleanup: lib.func("srt_cleanup", "int", []),
  /** uint32_t srt_getversion(void): 0x010501 */
  getversion: lib.func("srt_getversion", "uint32_t", []),
  /** void srt_setloglevel(int ll): syslog levels */
  setloglevel: lib.func("srt_setloglevel", "void", ["int"]),
  /** SRTSOCKET srt_create_socket(void) */
  createSocket: lib.func("srt_create_socket", "int", []),
  /** int srt_bind(SRTSOCKET u, const struct sockaddr *name, int namelen) */
  bind: lib.func("srt_bind", "int", ["int", "void *", "int"]),
  /** int srt_listen(SRTSOCKET u, int backlog) */
  listen: lib.func("srt_listen", "int", ["int", "int"]),
  /**
   * int srt_listen_callback(SRTSOCKET u, srt_listen_callback_fn *hook, void *opaque): -1 of the hook refuses the caller
   */
  listenCallback: lib.func("srt_listen_callback", "int", ["int", "uintptr_t", "uintptr_t"]),
  /** SRTSOCKET srt_accept(SRTSOCKET u, struct sockaddr *addr, int *addrlen) */
  accept: lib.func("srt_accept", "int", ["int", "void *", "void *"]),
  /** int srt_connect(SRTSOCKET u, const struct sockaddr *name, int namelen) */
  connect: lib.func("srt_connect", "int", ["int", "void *", "int"]),
  /** int srt_close(SRTSOCKET u) */
  close: lib.func("srt_close", "int", ["int"]),
  /** int srt_getsockname(SRTSOCKET u, struct sockaddr *name, int *namelen) */
  getsockname: lib.func("srt_getsockname", "int", ["int", "void *", "void *"]),
  /** SRT_SOCKSTATUS srt_getsockstate(SRTSOCKET u) */
  getsockstate: lib.func("srt_getsockstate", "int", ["int"]),
  /** int srt_setsockflag(SRTSOCKET u, SRT_SOCKOPT opt, const void *optval, int optlen) */
  setsockflag: lib.func("srt_setsockflag", "int", ["int", "int", "void *", "int"]),
  /** int srt_getsockflag(SRTSOCKET u, SRT_SOCKOPT opt, void *optval, int *optlen) */
  getsockflag: lib.func("srt_getsockflag", "int", ["int", "int", "void *", "void *"]),
  /** int srt_sendmsg2(SRTSOCKET u, const char *buf, int len, SRT_MSGCTRL *mctrl) */
  sendmsg2: lib.func("srt_sendmsg2", "int", ["int", "uintptr_t", "int", "uintptr_t"]),
  /** int srt_recvmsg2(SRTSOCKET u, char *buf, int len, SRT_MSGCTRL *mctrl): bytes of one message, -1 when there is none */
  recvmsg2: lib.func("srt_recvmsg2", "int", ["int", "uintptr_t", "int", "uintptr_t"]),
  /** int64_t srt_connection_time(SRTSOCKET u): CLOCK_MONOTONIC microseconds */
  connectionTime: lib.func("srt_connection_time", "int64_t", ["int"]),
  /** int srt_getlasterror(int *errno_loc) */
  getlasterror: lib.func("srt_getlasterror", "int", ["uintptr_t"]),
  /** const char *srt_getlasterror_str(void) */
  getlasterrorStr: lib.func("srt_getlasterror_str", "str", []),
  /** const char *srt_strerror(int code, int errnoval) */
  strerror: lib.func("srt_strerror", "str", ["int", "int"]),
  /** int srt_getrejectreason(SRTSOCKET u) */
  getrejectreason: lib.func("srt_getrejectreason", "int", ["int"]),
  /** const char *srt_rejectreason_str(int id) */
  rejectreasonStr: lib.func("srt_rejectreason_str", "str", ["int"]),
  /** int srt_bistats(SRTSOCKET u, SRT_TRACEBSTATS *perf, int clear, int instantaneous) */
  bistats: lib.func("srt_bistats", "int", ["int", "void *", "int", "int"]),
  /** int srt_epoll_create(void) */
  epollCreate: lib.func("srt_epoll_create", "int", []),
  /** int srt_epoll_add_usock(int eid, SRTSOCKET u, const int *events) */
  epollAddUsock: lib.func("srt_epoll_add_usock", "int", ["int", "int", "void *"]),
  /** int srt_epoll_remove_usock(int eid, SRTSOCKET u) */
  epollRemoveUsock: lib.func("srt_epoll_remove_usock", "int", ["int", "int"]),
  /** int srt_epoll_release(int eid) */
  epollRelease: lib.func("srt_epoll_release", "int", ["int"]),
  /** int srt_epoll_uwait(int eid, SRT_EPOLL_EVENT *fds, int size, int64_t timeout_ms) */
  epollUwait: lib.func("srt_epoll_uwait", "int", ["int", "void *", "int", "int64_t"]),
  /** int32_t srt_epoll_set(int eid, int32_t flags): 1 = SRT_EPOLL_ENABLE_EMPTY */
  epollSet: lib.func("srt_epoll_set", "int", ["int", "int"]),
})

export type LibSrt = ReturnType<typeof bindings>

/**
 * Loads and starts libsrt; the error's message is the loader's. `path` overrides the soname (tests, odd installations).
 */
export const loadLibSrt = (path: string = SONAME): LibSrt => {
  const srt = bindings(koffi.load(path))
  srt.startup()
  // 2 = critical: libsrt writes past any limit of ours, and a receiver with a wrong passphrase that keeps calling is
  // 100 errors a second. What matters of them arrives as states and reject codes.
  srt.setloglevel(2)
  return srt
}

/** SRT_SOCKSTATUS */
export const SRTS_CONNECTING = 4
export const SRTS_CONNECTED = 5
/** Error codes of srt_getlasterror used by the loop. */
export const SRT_ECONNLOST = 2001
export const SRT_EINVSOCK = 5004
export const SRT_EINVALMSGAPI = 5009
export const SRT_EASYNCSND = 6001
export const SRT_EASYNCRCV = 6002
export const SRT_EPOLL_IN = 1
