/** Which of the two SRT stacks an output runs on: our own, or libsrt. */
import { SRT_OPTIONS } from "./options.ts"

export const SRT_STACKS = ["own", "libsrt"] as const
export type SrtStack = (typeof SRT_STACKS)[number]

const O = SRT_OPTIONS

/** What SRT outputs run on that name no stack. */
export const DEFAULT_SRT_STACK: SrtStack = "own"

/** The stack that the value of `SRT_STACK` names, the default one where it is unset; null for a value that names none. */
export const srtStackOf = (value: string | undefined): SrtStack | null => {
  const word = (value ?? "").trim().toLowerCase()
  return word === "" ? DEFAULT_SRT_STACK : (SRT_STACKS.find((stack) => stack === word) ?? null)
}

/** Values with which an option changes nothing for our own stack. */
const HARMLESS: Readonly<Record<string, (value: unknown) => boolean>> = {
  [O.MAXBW.name]: (value) => Number(value) < 0,
  [O.ENFORCEDENCRYPTION.name]: (value) => Boolean(value),
  [O.CONGESTION.name]: (value) => value === "live",
  [O.TRANSTYPE.name]: (value) => Number(value) === 0,
  [O.MESSAGEAPI.name]: (value) => Boolean(value),
  [O.RETRANSMITALGO.name]: (value) => Number(value) === 1,
  [O.TLPKTDROP.name]: (value) => Boolean(value),
}

/** Options that only libsrt has, whatever their value. */
const LIBSRT_ONLY: ReadonlySet<string> = new Set([
  O.PACKETFILTER.name,
  O.BINDTODEVICE.name,
  O.INPUTBW.name,
  O.OHEADBW.name,
  O.MININPUTBW.name,
])

/** What of an output our own stack cannot do, in the words of its URL; empty when it can do all of it. */
export const beyondOwnStack = (target: {
  readonly mode: "caller" | "listener" | "rendezvous"
  readonly options: ReadonlyArray<{ readonly option: { readonly name: string }; readonly value: unknown }>
}): string[] => {
  const options = target.options
    .filter(({ option, value }) => {
      const harmless = Object.hasOwn(HARMLESS, option.name) ? HARMLESS[option.name] : undefined
      return LIBSRT_ONLY.has(option.name) || (harmless !== undefined && !harmless(value))
    })
    .map(({ option }) => option.name.toLowerCase())
  return target.mode === "rendezvous" ? ["mode=rendezvous", ...options] : options
}
