/**
 * The fields of a channel's forms that say where a leg comes from: RTP on an address and port of ours, or SRT in either
 * direction. All of them are sent, whichever is chosen; the choice says which ones count.
 */
import type { Choice } from "../../../../views/forms/form-state.ts"
import { parseShownInputUrl, type SrtInputTarget } from "../../../core/input/input-url.ts"
import { describeOutput } from "../../../core/output/describe-output.ts"
import { LEG_FIELDS } from "../../../effects/config/leg-address.ts"
import type { ChannelView, SourceName } from "../../../effects/model/channel.ts"
import { InvalidInput } from "../../../effects/model/Errors.ts"
import { type Fields, field, numeric } from "./form-fields.ts"
import { urlSecretNames, withUrlSecrets, wrongUrlSecrets } from "./secret-fields.ts"

/** How a leg is received; `none` is for a backup that there is not. */
export type LegKind = "none" | "rtp" | SrtInputTarget["mode"]

/** The field that holds the choice, and the one with the URL that a listener gets when its own is left empty. */
const KIND = { primary: "input_kind", backup: "backup_input_kind" } as const
const FREE = { primary: "free_url", backup: "backup_free_url" } as const

const KINDS: ReadonlyArray<Choice & { readonly value: LegKind }> = [
  { value: "rtp", text: "RTP or plain TS: the encoder sends to an address and port" },
  { value: "listener", text: "SRT: the encoder calls us (listener)" },
  { value: "caller", text: "SRT: we call the encoder (caller)" },
]
/** What there is to choose from, for each leg. */
export const KIND_CHOICES: Readonly<Record<SourceName, ReadonlyArray<Choice>>> = {
  primary: KINDS,
  backup: [{ value: "none", text: "None" }, ...KINDS],
}

/** How both legs are received, as fields of the form. */
export const legKinds = (fields: Fields): Fields => ({
  [KIND.primary]: kindOf(fields, "primary"),
  [KIND.backup]: kindOf(fields, "backup"),
})

/** All fields of a leg, in the order in which they stand on the page. */
export const legFieldNames = (name: SourceName): ReadonlyArray<string> => {
  const { ip, port, url } = LEG_FIELDS[name]
  return [KIND[name], port, ip, url, ...urlSecretNames(url)]
}

/** Every IPv4 address, where there is a port and no address. */
const ANY = "0.0.0.0"
/** An IPv6 address may stand in the brackets of URLs. */
const addressIn = (fields: Fields, name: string): string => field(fields, name).replace(/^\[(.*)\]$/, "$1")

/** How a leg is to be received; what was not chosen follows from what was typed. */
export const kindOf = (fields: Fields, name: SourceName): LegKind => {
  const { ip, port, url } = LEG_FIELDS[name]
  const chosen = field(fields, KIND[name])
  const kind = KIND_CHOICES[name].find(({ value }) => value === chosen)?.value as LegKind | undefined
  if (kind !== undefined) return kind
  if (field(fields, url) !== "") return modeOf(field(fields, url)) ?? "caller"
  return name === "primary" || field(fields, ip) !== "" || field(fields, port) !== "" ? "rtp" : "none"
}

/** What a URL as it is shown, or typed, is for; null while that cannot be told. */
const modeOf = (url: string): SrtInputTarget["mode"] | null => {
  const parsed = parseShownInputUrl(url)
  return parsed.ok ? parsed.target.mode : null
}

/** Where the form says that a leg comes from, as a body of the API has it. `shown` is its URL as the form began. */
const legBody = (fields: Fields, name: SourceName, shown: string | null): Record<string, unknown> => {
  const { ip, port, url } = LEG_FIELDS[name]
  const kind = kindOf(fields, name)
  if (kind === "none") return { [ip]: null, [port]: null, [url]: null }
  if (kind === "rtp") {
    const given = field(fields, port)
    return { [ip]: addressIn(fields, ip) || ANY, [port]: given === "" ? null : numeric(given) }
  }
  const typed = shown === null ? field(fields, url) : withUrlSecrets(fields, shown, url)
  return { [url]: typed === "" && kind === "listener" ? field(fields, FREE[name]) : typed }
}

/** The URLs of a channel's legs as they are shown. */
export type ShownUrls = Pick<ChannelView, "input_url" | "backup_input_url">
const NEW: ShownUrls = { input_url: null, backup_input_url: null }

/** Where both legs come from, as a body of the API has it. */
export const legsBody = (fields: Fields, shown: ShownUrls = NEW): Record<string, unknown> => ({
  ...legBody(fields, "primary", shown.input_url),
  ...legBody(fields, "backup", shown.backup_input_url),
})

const WRONG_MODE = {
  listener: "is the URL of a listener: choose that the encoder calls us, or write srt://HOST:PORT",
  caller: "is the URL of a caller: choose that we call the encoder, or write srt://:PORT?mode=listener",
} as const

/** What is wrong with the URLs beyond what the API says of them; null when nothing is. Repeats no secret. */
export const wrongLegs = (fields: Fields, shown: ShownUrls = NEW): InvalidInput | null => {
  const errors = (["primary", "backup"] as const).flatMap((name) => {
    const { url } = LEG_FIELDS[name]
    const kind = kindOf(fields, name)
    if (kind === "none" || kind === "rtp") return []
    const [typed, before] = [field(fields, url), shown[url]]
    const secrets = before === null ? null : wrongUrlSecrets(fields, before, url)
    if (secrets !== null) return secrets.errors
    if (typed === "")
      return kind === "listener" ? [] : [{ path: url, message: "is required: the encoder's address, srt://HOST:PORT" }]
    const mode = modeOf(typed)
    return mode === null || mode === kind ? [] : [{ path: url, message: WRONG_MODE[mode] }]
  })
  return errors.length === 0 ? null : new InvalidInput({ errors })
}

/** What the form of a channel that there is begins with. */
export const legValues = (channel: ChannelView): Fields =>
  Object.fromEntries(
    (["primary", "backup"] as const).flatMap((name): ReadonlyArray<readonly [string, string]> => {
      const { ip, port, url } = LEG_FIELDS[name]
      const [address, number, shown] = [channel[ip], channel[port], channel[url]]
      if (shown !== null)
        return [
          [KIND[name], modeOf(shown) ?? "caller"],
          [url, shown],
        ]
      if (number === null) return [[KIND[name], name === "primary" ? "rtp" : "none"]]
      return [
        [KIND[name], "rtp"],
        [ip, address ?? ""],
        [port, String(number)],
      ]
    }),
  )

const NAMES = { primary: "Primary", backup: "Backup" } as const
const kinds = (fields: Fields) =>
  (["primary", "backup"] as const).map((name) => ({ name, kind: kindOf(fields, name), ...LEG_FIELDS[name] }))

/** True when a leg of the form is received by RTP or as plain TS. */
export const hasRtp = (fields: Fields): boolean => kinds(fields).some(({ kind }) => kind === "rtp")

/** The fields without addresses and ports that do not count. */
export const withoutSrt = (fields: Fields): Fields => ({
  ...fields,
  ...Object.fromEntries(
    kinds(fields).flatMap(({ ip, kind, port }) =>
      kind === "rtp"
        ? []
        : [
            [ip, ""],
            [port, ""],
          ],
    ),
  ),
})

/** What the SRT URLs of the form mean so far, in a line each, and what is unusual about them. Shows no secret. */
export const srtAdvice = (
  fields: Fields,
): { readonly understood: ReadonlyArray<string>; readonly warnings: ReadonlyArray<string> } => {
  const found = kinds(fields).flatMap(({ kind, name, url }) => {
    if (kind === "none" || kind === "rtp") return []
    const typed = field(fields, url) || (kind === "listener" ? field(fields, FREE[name]) : "")
    const parsed = parseShownInputUrl(typed)
    if (!parsed.ok) return typed === "" ? [] : [{ line: `${NAMES[name]}: not understood yet`, warnings: parsed.errors }]
    const ignored = parsed.ignored.map((key) => `ignored: ${key} is not known`)
    return [{ line: `${NAMES[name]}: ${describeOutput(parsed)}`, warnings: [...ignored, ...parsed.warnings] }]
  })
  return {
    understood: found.map(({ line }) => line),
    warnings: found.flatMap(({ line, warnings }) => warnings.map((text) => `${line.split(":", 1)[0]}: ${text}`)),
  }
}
