/** What the codes of srt_getrejectreason and srt_getlasterror mean for the person who runs the output. */

export interface SrtDiagnosis {
  /** What happened, in a few words. */
  readonly text: string
  /** What to do about it; empty when nothing needs to be done. */
  readonly advice: string
  /**
   * Whether trying again can help. A refusal always can: passphrases, stream ids and limits are changed at the far end,
   * and nothing tells us of it. What this host refuses by itself (a bad value) stays refused until the URL is changed.
   */
  readonly transient: boolean
}

type Rows = Readonly<Record<number, readonly [text: string, advice: string, transient?: boolean]>>

/** SRT_REJ_* (srt.h) and SRT_REJX_* (access_control.h). */
const REJECTS: Rows = {
  0: ["refused without a reason", "look into the log of the far end"],
  1: ["system error during the handshake", "check memory and open files of this host and of the far end"],
  2: [
    "refused by the far end",
    "check the stream id and whether the far end lets this host in; its log has the reason",
  ],
  3: ["out of resources", "check memory and open files of this host and of the far end"],
  4: [
    "refused without a reason, or handshake not understood",
    "check the stream id; the far end may refuse it, or may not speak SRT",
  ],
  5: ["the listener has too many callers waiting", "it is retried; the far end is overloaded if this persists"],
  6: ["internal error in the SRT library", "report it with the version of both libraries"],
  7: ["the socket was closed during the handshake", ""],
  8: ["the far end's SRT version is too old", "upgrade the far end, or lower minversion"],
  9: [
    "rendezvous cookies collide",
    "it is retried with another one; give the two sides different ports if this persists",
  ],
  10: ["wrong passphrase", "set the same passphrase on both sides"],
  11: ["only one side uses encryption", "set the same passphrase on both sides, or on neither"],
  12: ["message mode differs", "the far end must use live mode (message API)"],
  13: ["congestion control differs", "the far end must use live mode (transtype=live)"],
  14: ["packet filters differ", "set the same packetfilter on both sides, or on one side only"],
  15: ["connection bonding differs", "switch connection bonding off at the far end"],
  16: [
    "no answer within the connect timeout",
    "check address, port, firewalls and that the far end listens (UDP, not TCP); a closed port looks the same",
  ],
  17: ["encryption modes differ", "set the far end to AES-CTR or automatic (cryptomode 0 or 1)"],
  1000: ["refused by the application", "check the stream id; the far end's log has the reason"],
  1001: ["a key of the stream id is not supported", "check the stream id's keys against the far end's manual"],
  1002: ["the file path is not valid", "check the resource name in the stream id"],
  1003: ["the host in the stream id is not known", "check h= in the stream id"],
  1400: ["bad request", "check the syntax of the stream id"],
  1401: ["not authorised", "check user and password in the stream id"],
  1402: ["overloaded", "the far end or its licence is at its limit; it is retried"],
  1403: ["forbidden", "check that this user or host may publish there"],
  1404: ["not found", "check the resource name in the stream id"],
  1405: ["wrong mode", "check m= in the stream id: to send it is m=publish"],
  1406: ["the request cannot be served", "check the parameters of the stream id"],
  1409: ["conflict", "somebody else publishes to this resource; stop the other sender or use another name"],
  1415: ["media type not supported", "check t= in the stream id"],
  1423: ["the resource is locked", "unlock it at the far end"],
  1424: ["a request this one depends on failed", "look into the log of the far end"],
  1500: ["internal error at the far end", "look into the log of the far end"],
  1501: ["not implemented at the far end", "check the parameters of the stream id"],
  1502: ["the far end's own upstream failed", "look into the log of the far end"],
  1503: ["the service is down", "it is retried; start the service at the far end"],
  1505: ["application versions differ", "upgrade the far end"],
  1507: ["no room left at the far end", "free storage at the far end"],
}

/** SRT_ERRNO (srt.h): thousands are the kind, the rest says more. */
const ERRORS: Rows = {
  [-1]: ["unknown error", ""],
  0: ["no error", ""],
  1000: ["connection setup failed", ""],
  1001: ["connection setup timed out", "check address, port, firewalls and that the far end listens"],
  1002: ["connection refused", "the reject code has the reason"],
  1003: ["the UDP socket cannot be made or set up", "check the local address, the port and the number of open files"],
  1004: ["connection setup stopped for security reasons", "set the same passphrase on both sides"],
  1005: ["the socket was closed during connection setup", ""],
  2000: ["connection failed", ""],
  2001: ["connection broken", "the far end closed it, or was silent for the peer idle timeout"],
  2002: ["not connected", ""],
  3000: ["out of system resources", "check memory, threads and open files of this host"],
  3001: ["no thread can be made", "raise the limit of threads (ulimit -u, TasksMax)"],
  3002: ["no memory for buffers", "add memory, or lower sndbuf"],
  3003: ["no memory for a system object", "check memory and open files of this host"],
  4000: ["file error", "", false],
  4001: ["the file cannot be positioned for reading", "", false],
  4002: ["the file cannot be read", "", false],
  4003: ["the file cannot be positioned for writing", "", false],
  4004: ["the file cannot be written", "", false],
  5000: ["operation not supported", "remove the option from the URL", false],
  5001: ["too late: the socket is bound", "", false],
  5002: ["too late: the socket is connected", "", false],
  5003: [
    "the value is not accepted, or this build of libsrt does not have the option",
    "correct the option or remove it",
    false,
  ],
  5004: ["the socket does not exist", ""],
  5005: ["the socket is not bound", "", false],
  5006: ["the socket does not listen", "", false],
  5007: ["rendezvous cannot listen", "use mode=listener", false],
  5008: ["rendezvous needs a bound socket", "", false],
  5009: ["the message is too large, or its time stamp is not usable", "lower pkt_size"],
  5010: ["stream calls on a message socket", "", false],
  5011: ["the port has a listener already", "choose another port, or stop the other listener"],
  5012: ["the message is too large", "lower pkt_size", false],
  5013: ["the epoll does not exist", "", false],
  5014: ["the epoll is empty", ""],
  5015: [
    "the local port is taken with other settings",
    "choose another port, or give both outputs equal ttl, tos and buffer settings",
  ],
  6000: ["would block", ""],
  6001: [
    "the send buffer is full",
    "the link or the receiver is slower than the stream: check bandwidth, loss and maxbw",
  ],
  6002: ["nothing to read", ""],
  6003: ["timed out", ""],
  6004: ["congested", "check the bandwidth of the link"],
  7000: ["the far end reported an error", "look into the log of the far end"],
}

const diagnosis = (row: Rows[number]): SrtDiagnosis => ({ text: row[0], advice: row[1], transient: row[2] ?? true })

/**
 * Explains srt_getrejectreason: 0-17 by the library, 1000-1999 predefined for applications, 2000 and up the
 * application's own.
 */
export const describeReject = (code: number): SrtDiagnosis => {
  const row = REJECTS[code]
  if (row !== undefined) return diagnosis(row)
  const look = "look the code up in the manual or the log of the far end"
  if (code >= 2000)
    return { text: `refused by the application with its own code ${code - 2000}`, advice: look, transient: true }
  if (code >= 1000) return { text: "refused by the application", advice: look, transient: true }
  return { text: "refused for an unknown reason", advice: look, transient: true }
}

/** Explains srt_getlasterror. */
export const describeSrtError = (code: number): SrtDiagnosis => {
  const row = ERRORS[code] ?? ERRORS[Math.trunc(code / 1000) * 1000]
  return row === undefined ? { text: "unknown error", advice: "", transient: true } : diagnosis(row)
}
