/**
 * From the URL of a leg that is received by SRT, in the dialects that outputs are read in, to what the engine does with
 * it. A caller asks a listener for its stream; a listener waits for one sender.
 */
import { forbiddenInUrl } from "../output/output-url.ts"
import { parseSrtUrl } from "../output/url/srt-url.ts"
import type { SrtTarget } from "../output/url/target.ts"
import { schemeOf, splitUrl } from "../url/url-text.ts"

/** An SRT target with the only modes an input has. */
export type SrtInputTarget = SrtTarget & { readonly mode: "caller" | "listener" }

export type ParsedInput =
  | {
      readonly ok: true
      readonly target: SrtInputTarget
      /** What was understood, by the names the API has for it. Secrets are left out or masked. */
      readonly options: Readonly<Record<string, string | number | boolean>>
      /** Parts of the URL that mean nothing to us. */
      readonly ignored: ReadonlyArray<string>
      readonly warnings: ReadonlyArray<string>
    }
  | { readonly ok: false; readonly errors: ReadonlyArray<string> }

const refuse = (...errors: ReadonlyArray<string>): ParsedInput => ({ ok: false, errors })

/** Reads the URL of an SRT input. Never throws; no sentence repeats a secret. */
export const parseInputUrl = (url: string): ParsedInput => {
  if (url === "") return refuse("the URL is empty")
  const problem = forbiddenInUrl(url)
  if (problem !== null) return refuse(problem)
  const scheme = schemeOf(url)
  if (scheme !== "srt")
    return refuse(
      scheme === "udp" || scheme === "rtp"
        ? `${scheme}:// is not written as a URL: give its address and port instead`
        : "the URL of an input must start with srt://, as in srt://HOST:PORT or srt://:PORT?mode=listener",
    )
  const parts = splitUrl(url)
  if (parts === null) return refuse("the URL must have the form srt://HOST:PORT")
  const parsed = parseSrtUrl(parts, "receive")
  if (!parsed.ok) return refuse(...parsed.errors.map(({ message }) => message))
  const { target } = parsed
  if (target.protocol !== "srt") return refuse("the URL must have the form srt://HOST:PORT")
  const { mode } = target
  if (mode === "rendezvous") return refuse("mode=rendezvous is not for inputs: use mode=caller or mode=listener")
  // What a receiver cannot choose: the sender says how large its messages are, and libsrt receives.
  const { pkt_size: _size, stack: _stack, ...options } = parsed.options
  const warnings =
    target.stack === "own" ? [...parsed.warnings, "stack=own is for outputs: libsrt receives"] : parsed.warnings
  return { ok: true, target: { ...target, mode }, options, ignored: parsed.ignored, warnings }
}

/** Stands for a secret where only its mask is known: long enough for a passphrase. */
const UNKNOWN_SECRET = "0000000000"

/** What a URL means whose secrets may be masked (`***`), as it is shown: only its secrets are made up. */
export const parseShownInputUrl = (url: string): ParsedInput => parseInputUrl(url.replaceAll("***", UNKNOWN_SECRET))
