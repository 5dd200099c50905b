/** Why connections end, as a closed set. The engine's codes are many, and some contain a server's words. */

export const END_REASONS = ["closed", "stalled", "network", "rejected", "local", "engine", "other"] as const
/**
 * Reasons for the end of a connection:
 *
 * - `closed`: the far side ended the connection or fell silent
 * - `stalled`: the far side took nothing for too long
 * - `network`: name not found, no route, no answer, or nobody listens
 * - `rejected`: the far side refused (login, key, stream id, encryption), or its certificate is not valid
 * - `local`: this machine or the output's settings: a port in use, no space, a missing program, a bad URL
 * - `engine`: the engine ended, or failed inside
 */
export type EndReason = (typeof END_REASONS)[number]

const RULES: ReadonlyArray<readonly [RegExp, EndReason]> = [
  [/^(engine_lost|internal)$/, "engine"],
  [/^stalled$/, "stalled"],
  [/^(dns|connect|connection|timeout|rtmp_Timeout\..*)$/, "network"],
  [/^(econnrefused|e(time|host|net)[a-z]*|eai_again|enotfound)$/i, "network"],
  [/^srt_(reject_(0|7|16)|1000|1001|1002|6003)$/, "network"],
  [/^(closed|ended|econnreset|epipe|reconnect_request|pipe|ffmpeg)$/i, "closed"],
  [
    /^(srt_2\d*|rtmp_(Closed\..*|NetStream\.Unpublish\.Success|NetConnection\.Connect\.(Closed|IdleTimeOut|AppShutdown)))$/,
    "closed",
  ],
  [/^(srt_reject_\d+|srt_not_encrypted|srt_1004|tls|tls_certificate|rtsp_.*|http_\d+)$/, "rejected"],
  [/^rtmp_(Auth\.|Net|Handshake\.)/, "rejected"],
  [/^(eaddr|eacces|eperm|enospc|erofs|edquot|eio|emfile|enfile|enobufs|enodev|enoent|emsgsize|einval)/i, "local"],
  [/^(url|protocol|directory|directory_taken|file_gone|s3_.*|.*_missing|srt_[1345]\d*|exists|no_channel)$/, "local"],
]

/** The reason for a code of the engine's `Reason`. */
export const endReasonOf = (code: string): EndReason => RULES.find(([pattern]) => pattern.test(code))?.[1] ?? "other"
