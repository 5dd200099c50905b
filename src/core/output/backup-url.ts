/** The second receiver of an SRT caller output (`backup_url`): what its URL means beside the main one. */
import { SRT_OPTIONS } from "../srt/options.ts"
import { beyondOwnStack } from "../srt/stack.ts"
import { parseOutputUrl, type SrtTarget } from "./output-url.ts"

/** Options that say the same: a backup that names one of them has none of the others from the main URL. */
const LATENCIES: ReadonlySet<string> = new Set(
  [SRT_OPTIONS.LATENCY, SRT_OPTIONS.PEERLATENCY, SRT_OPTIONS.RCVLATENCY].map(({ name }) => name),
)

/** The backup with everything that its URL leaves out as the main one has it; local address and port are its own. */
const withOptionsOf = (main: SrtTarget, backup: SrtTarget): SrtTarget => {
  const named = new Set(backup.options.map(({ option }) => option.name))
  const namesLatency = [...LATENCIES].some((name) => named.has(name))
  const isKept = (name: string) => !named.has(name) && !(namesLatency && LATENCIES.has(name))
  const kept = main.options.filter(({ option }) => isKept(option.name))
  return {
    ...backup,
    streamId: backup.streamId ?? main.streamId,
    passphrase: backup.passphrase ?? main.passphrase,
    packetSize: named.has(SRT_OPTIONS.PAYLOADSIZE.name) ? backup.packetSize : main.packetSize,
    latencyMs: namesLatency ? backup.latencyMs : main.latencyMs,
    connectTimeoutMs: named.has(SRT_OPTIONS.CONNTIMEO.name) ? backup.connectTimeoutMs : main.connectTimeoutMs,
    options: [...kept, ...backup.options].sort((a, b) => a.option.id - b.option.id),
  }
}

export type ReadBackup =
  | {
      readonly ok: true
      readonly target: SrtTarget
      /** What of its URL is unknown, or deserves a look. */
      readonly warnings: ReadonlyArray<string>
    }
  /** Sentences that go on from the name of the setting; none repeats a secret. */
  | { readonly ok: false; readonly errors: ReadonlyArray<string> }

const refuse = (...errors: ReadonlyArray<string>): ReadBackup => ({ ok: false, errors })

/** Why an SRT output cannot run on our own stack, which alone can have a backup; null when it can. */
const whyNotOwn = (target: SrtTarget): string | null => {
  if (target.stack === "libsrt") return "stack=libsrt"
  const beyond = beyondOwnStack(target)
  return beyond.length === 0 ? null : beyond.join(", ")
}

/** Reads the backup of an SRT output. Never throws. */
export const readBackup = (main: SrtTarget, url: string): ReadBackup => {
  if (main.mode !== "caller") return refuse("is for an SRT caller, and the URL of this output is none: set it to null")
  const parsed = parseOutputUrl(url)
  if (!parsed.ok) return refuse(...parsed.errors.map(({ message }) => `cannot be used: ${message}`))
  const { target } = parsed
  if (target.protocol !== "srt" || target.mode !== "caller")
    return refuse("must be the URL of an SRT receiver that is called, as in srt://192.0.2.8:9000")
  if (target.host === main.host && target.port === main.port)
    return refuse("names the receiver of the output itself: name another one, or set it to null")
  if (main.localPort !== null && target.localPort === main.localPort && target.localHost === main.localHost)
    return refuse("has the local port of the URL: both are connected at once, so each needs a port of its own")
  const whole = withOptionsOf(main, target)
  const why = whyNotOwn(main) ?? whyNotOwn(whole)
  return why === null
    ? {
        ok: true,
        target: whole,
        warnings: [...parsed.ignored.map((key) => `ignored: ${key} is not known`), ...parsed.warnings],
      }
    : refuse(`needs the service's own SRT stack, which cannot do ${why}: leave one of them out`)
}
