import { parseArgs } from "node:util"
import { createTestProgramme, type TestProgramme } from "../test-source/test-programme.ts"

export const USAGE = `Sends an MPEG-TS test programme with SCTE-35 breaks.
  --to HOST:PORT          where to, IPv6 in brackets; required
  --bitrate N             bit/s of the whole stream, default 4000000
  --video-bitrate N       pads the pictures up to this rate, default 0
  --udp                   raw UDP, no RTP header
  --ssrc N                default random
  --break-every SECONDS   0: no breaks, default 30
  --break-length SECONDS  default 10
  --duration SECONDS      ends by itself, default never
  --ttl N                 hops, default 1 for multicast
  --interface ADDRESS     local address a multicast goes out on; of IPv6 the interface's name
  --label TEXT            shown in the picture and as the service name
  --seed N                varies the picture's grain
  --parent-pipe           ends when standard input does
`

/** What the command line of the test source asks for. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly udp: boolean
  readonly ssrc: number
  readonly durationUs: number
  readonly ttl: number | undefined
  readonly interface: string | undefined
  readonly parentPipe: boolean
  readonly programme: TestProgramme
}

const integer = (name: string, text: string | undefined, most: number): number | undefined => {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text === "" || !Number.isInteger(value) || value < 0 || value > most)
    throw new RangeError(`--${name} must be 0 to ${most}, not "${text}"`)
  return value
}

const seconds = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text === "" || !(value >= 0)) throw new RangeError(`--${name} must be a number of seconds, not "${text}"`)
  return value
}

/** Leaves out what was not given, so that the programme's own defaults hold. */
const given = <T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

/** Reads the command line; RangeError or TypeError with a message for the user. */
export const parseSettings = (args: string[]): Settings => {
  const text = { type: "string" } as const
  const flag = { type: "boolean" } as const
  const texts = [
    "to",
    "bitrate",
    "video-bitrate",
    "ssrc",
    "break-every",
    "break-length",
    "duration",
    "ttl",
    "interface",
    "label",
    "seed",
  ]
  const options = { ...Object.fromEntries(texts.map((name) => [name, text])), udp: flag, "parent-pipe": flag }
  const parsed: Record<string, unknown> = parseArgs({ args, options }).values
  const value = (name: string): string | undefined => (typeof parsed[name] === "string" ? parsed[name] : undefined)
  const target = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(value("to") ?? "")
  const port = integer("to", target?.[3], 65_535) ?? 0
  if (target === null || port === 0) throw new RangeError("--to must be HOST:PORT")
  const duration = seconds("duration", value("duration"))
  return {
    host: target[1] ?? target[2] ?? "",
    port,
    udp: parsed["udp"] === true,
    ssrc: integer("ssrc", value("ssrc"), 2 ** 32 - 1) ?? Math.floor(Math.random() * 2 ** 32),
    durationUs: duration === undefined ? Number.POSITIVE_INFINITY : duration * 1_000_000,
    ttl: integer("ttl", value("ttl"), 255),
    interface: value("interface"),
    parentPipe: parsed["parent-pipe"] === true,
    programme: createTestProgramme(
      given({
        bitrate: integer("bitrate", value("bitrate"), 1_000_000_000),
        videoBitrate: integer("video-bitrate", value("video-bitrate"), 1_000_000_000),
        breakEverySeconds: seconds("break-every", value("break-every")),
        breakSeconds: seconds("break-length", value("break-length")),
        label: value("label"),
        seed: integer("seed", value("seed"), 2 ** 31 - 1),
      }),
    ),
  }
}
