/** libsrt as a receiver needs it: symbols, option ids and one-line helpers. Non-blocking calls only, no callbacks. */
import koffi from "koffi"
import { sockaddrIn } from "./native.ts"

const bindings = (lib: ReturnType<typeof koffi.load>) => ({
  startup: lib.func("srt_startup", "int", []),
  cleanup: lib.func("srt_cleanup", "int", []),
  setloglevel: lib.func("srt_setloglevel", "void", ["int"]),
  createSocket: lib.func("srt_create_socket", "int", []),
  bind: lib.func("srt_bind", "int", ["int", "void *", "int"]),
  listen: lib.func("srt_listen", "int", ["int", "int"]),
  accept: lib.func("srt_accept", "int", ["int", "void *", "void *"]),
  connect: lib.func("srt_connect", "int", ["int", "void *", "int"]),
  close: lib.func("srt_close", "int", ["int"]),
  getsockname: lib.func("srt_getsockname", "int", ["int", "void *", "void *"]),
  getsockstate: lib.func("srt_getsockstate", "int", ["int"]),
  setsockflag: lib.func("srt_setsockflag", "int", ["int", "int", "void *", "int"]),
  getsockflag: lib.func("srt_getsockflag", "int", ["int", "int", "void *", "void *"]),
  /** int srt_recvmsg2(SRTSOCKET u, char *buf, int len, SRT_MSGCTRL *mctrl) */
  recvmsg2: lib.func("srt_recvmsg2", "int", ["int", "uintptr_t", "int", "uintptr_t"]),
  /** int srt_sendmsg2(SRTSOCKET u, const char *buf, int len, SRT_MSGCTRL *mctrl) */
  sendmsg2: lib.func("srt_sendmsg2", "int", ["int", "void *", "int", "uintptr_t"]),
  getlasterror: lib.func("srt_getlasterror", "int", ["uintptr_t"]),
  getlasterrorStr: lib.func("srt_getlasterror_str", "str", []),
  getrejectreason: lib.func("srt_getrejectreason", "int", ["int"]),
  rejectreasonStr: lib.func("srt_rejectreason_str", "str", ["int"]),
})
export type LibSrt = ReturnType<typeof bindings>

let loaded: LibSrt | undefined

/** Loads and starts libsrt once; throws the loader's error when it is not installed. */
export const libsrt = (): LibSrt => {
  if (loaded === undefined) {
    loaded = bindings(koffi.load("libsrt.so.1.5"))
    loaded.startup()
    loaded.setloglevel(2)
  }
  return loaded
}

/** SRT_SOCKSTATUS */
export const SRTS_CONNECTED = 5
export const SRTS_BROKEN = 6
export const SRT_EASYNCRCV = 6002

/** SRT_SOCKOPT, all set before bind or connect here. */
const SNDSYN = 1
const RCVSYN = 2
const UDP_RCVBUF = 9
const TSBPDMODE = 22
const LATENCY = 23
const PASSPHRASE = 26
const PBKEYLEN = 27
const TLPKTDROP = 31
const STREAMID = 46

export interface SrtOptions {
  /** SRTO_LATENCY in ms; default 120. */
  readonly latencyMs?: number
  /** False delivers packets as they come: no latency, no drops, far less CPU. Default true. */
  readonly tsbpd?: boolean
  readonly passphrase?: string
  /** 16, 24 or 32. */
  readonly pbkeylen?: number
  readonly streamid?: string
}

const setOption = (srt: LibSrt, socket: number, option: number, value: number | string): void => {
  const bytes =
    typeof value === "string" ? new TextEncoder().encode(value) : new Uint8Array(Int32Array.of(value).buffer)
  if (srt.setsockflag(socket, option, bytes, bytes.length) !== 0) throw srtError(srt, `SRT option ${option}`)
}

export const srtError = (srt: LibSrt, call: string): Error => {
  const code = srt.getlasterror(0)
  return new Error(`${call}: ${srt.getlasterrorStr()} (${code})`)
}

/** A non-blocking socket with the options set. */
export const createSrtSocket = (options: SrtOptions): number => {
  const srt = libsrt()
  const socket = srt.createSocket()
  if (socket < 0) throw srtError(srt, "srt_create_socket")
  setOption(srt, socket, SNDSYN, 0)
  setOption(srt, socket, RCVSYN, 0)
  setOption(srt, socket, UDP_RCVBUF, 8 << 20)
  if (options.latencyMs !== undefined) setOption(srt, socket, LATENCY, options.latencyMs)
  if (options.tsbpd === false) {
    setOption(srt, socket, TSBPDMODE, 0)
    setOption(srt, socket, TLPKTDROP, 0)
  }
  if (options.passphrase !== undefined) setOption(srt, socket, PASSPHRASE, options.passphrase)
  if (options.pbkeylen !== undefined) setOption(srt, socket, PBKEYLEN, options.pbkeylen)
  if (options.streamid !== undefined) setOption(srt, socket, STREAMID, options.streamid)
  return socket
}

export const srtStreamId = (socket: number): string => {
  const bytes = new Uint8Array(513)
  const length = Int32Array.of(513)
  return libsrt().getsockflag(socket, STREAMID, bytes, length) === 0
    ? new TextDecoder().decode(bytes.slice(0, length[0]))
    : ""
}

/** Binds and listens; returns the port. */
export const srtListen = (socket: number, host: string, port: number): number => {
  const srt = libsrt()
  if (srt.bind(socket, sockaddrIn(host, port), 16) !== 0) throw srtError(srt, `srt_bind ${host}:${port}`)
  if (srt.listen(socket, 256) !== 0) throw srtError(srt, "srt_listen")
  const address = new Uint8Array(128)
  if (srt.getsockname(socket, address, Int32Array.of(128)) !== 0) throw srtError(srt, "srt_getsockname")
  return new DataView(address.buffer).getUint16(2)
}

/** Peer of the next waiting caller and its socket, or null. */
export const srtAccept = (listener: number): { socket: number; peer: string } | null => {
  const address = new Uint8Array(128)
  const socket = libsrt().accept(listener, address, Int32Array.of(128))
  return socket < 0
    ? null
    : { socket, peer: `${address.slice(4, 8).join(".")}:${new DataView(address.buffer).getUint16(2)}` }
}
