/** The settings of a machine that works with others on one PostgreSQL database. */
import { hostname } from "node:os"
import { resolve } from "node:path"
import { Config, ConfigError, Either, Option } from "effect"
import { LOWEST_LEASE_S, LOWEST_REST_S, type Timing, timingOf } from "../../core/placement/timing.ts"
import { oneOf, SETTINGS, setting, withoutComment } from "./environment-settings.ts"

export interface NodeSettings {
  /** Lower case letters, digits, dots and hyphens; each node of a database has its own. */
  readonly name: string
  /** `http://host:port` at which the other nodes reach it; null for this machine's name and `PORT`. */
  readonly address: string | null
  readonly labels: Readonly<Record<string, string>>
  /** How many channels it is to carry at most. */
  readonly capacity: number
  readonly timing: Timing
  /** Absolute path of a program that is run when the node takes a channel over. */
  readonly onTakeover: Option.Option<string>
}

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/
const refuse = (key: keyof typeof SETTINGS, message: string) => Either.left(ConfigError.InvalidData([key], message))

const name = setting("NODE_NAME").pipe(
  Config.mapOrFail((text) => {
    const value = Option.getOrElse(text, hostname).toLowerCase()
    return NAME.test(value)
      ? Either.right(value)
      : refuse("NODE_NAME", `must be letters, digits, dots and hyphens, 63 at most, not "${value}"`)
  }),
)

const address = setting("NODE_ADDRESS").pipe(
  Config.mapOrFail((text) => {
    if (Option.isNone(text)) return Either.right(null)
    const url = URL.canParse(text.value) ? new URL(text.value) : null
    const isBare = url !== null && url.username === "" && url.pathname === "/" && url.search === "" && url.hash === ""
    return url !== null && isBare && /^https?:$/.test(url.protocol)
      ? Either.right(url.origin)
      : refuse("NODE_ADDRESS", `must be an address as "http://10.0.0.11:8000", without user, path and query`)
  }),
)

const labels = setting("NODE_LABELS").pipe(
  Config.mapOrFail((text) => {
    const pairs: Array<readonly [string, string]> = []
    for (const word of Option.getOrElse(text, () => "").split(/[\s,]+/)) {
      if (word === "") continue
      const [, key, value] = /^([\w.-]{1,63})=([\w.-]{1,63})$/.exec(word) ?? []
      if (key === undefined || value === undefined)
        return refuse("NODE_LABELS", `must be names with values as in "zone=east, rack=4", not "${word}"`)
      pairs.push([key, value])
    }
    return Either.right<Readonly<Record<string, string>>>(Object.fromEntries(pairs))
  }),
)

const capacity = setting("NODE_CAPACITY").pipe(
  Config.mapOrFail((text) => {
    const value = withoutComment(Option.getOrElse(text, () => SETTINGS.NODE_CAPACITY))
    return /^\d{1,5}$/.test(value) && Number(value) >= 1
      ? Either.right(Number(value))
      : refuse("NODE_CAPACITY", `must be a number of channels from 1 to 99999, not "${value}"`)
  }),
)

/** Seconds from `lowest` to 600, with a fraction if need be. */
const seconds = (key: "LEASE_S" | "DEAD_S", lowest: number) =>
  setting(key).pipe(
    Config.mapOrFail((text) => {
      const value = withoutComment(Option.getOrElse(text, () => SETTINGS[key]))
      return /^\d{1,3}(\.\d{1,3})?$/.test(value) && Number(value) >= lowest && Number(value) <= 600
        ? Either.right(Number(value))
        : refuse(key, `must be seconds from ${lowest} to 600, not "${value}"`)
    }),
  )

const timing = Config.all({
  lease: seconds("LEASE_S", LOWEST_LEASE_S),
  dead: seconds("DEAD_S", LOWEST_LEASE_S + LOWEST_REST_S),
}).pipe(
  Config.mapOrFail(({ dead, lease }) =>
    // Clocks whose rates differ by 1 % must not let one lease outlast the dead time of another.
    dead >= lease + LOWEST_REST_S && dead * 0.98 > lease
      ? Either.right(timingOf(lease, dead))
      : refuse(
          "DEAD_S",
          `must be longer than LEASE_S (${lease}) by at least ${LOWEST_REST_S} s and 2 %, not "${dead}"`,
        ),
  ),
)

const given = Config.all({
  name,
  address,
  labels,
  capacity,
  timing,
  onTakeover: setting("NODE_ON_TAKEOVER").pipe(Config.map(Option.map((path) => resolve(path)))),
})

/** None unless `NODES` is on or the node has a name. */
export const nodeSettings: Config.Config<Option.Option<NodeSettings>> = Config.all({
  isOn: oneOf("NODES", ["on", "off"], () => "off"),
  named: setting("NODE_NAME"),
  given,
}).pipe(
  Config.map(({ given, isOn, named }) => (isOn === "on" || Option.isSome(named) ? Option.some(given) : Option.none())),
)
