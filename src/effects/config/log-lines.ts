/** The last lines of the log, kept in memory for the pages; what the logger writes is masked before it comes here. */
import { Context } from "effect"
import type { LogLevelName } from "./log-levels.ts"

export interface LogLine {
  /** Grows with each line of this run. */
  readonly id: number
  /** ISO 8601 with milliseconds. */
  readonly at: string
  readonly level: LogLevelName
  /** Slug of the channel it is about. */
  readonly channel: string | null
  /** Slug of the output it is about. */
  readonly output: string | null
  readonly message: string
}

export interface LogLines {
  readonly add: (line: Omit<LogLine, "id">) => void
  /** Newest first. */
  readonly all: () => ReadonlyArray<LogLine>
  readonly ofChannel: (slug: string) => ReadonlyArray<LogLine>
}

export interface LogBounds {
  readonly inAll: number
  readonly perChannel: number
  /** Channels whose own lines are kept; those that wrote least recently go first. */
  readonly channels: number
  /** Characters of a message. */
  readonly characters: number
}

export const LOG_BOUNDS: LogBounds = { inAll: 1000, perChannel: 200, channels: 500, characters: 2000 }

/** The last of many, in a fixed number of places. */
const makeRing = (size: number) => {
  const places: LogLine[] = []
  let next = 0
  return {
    add: (line: LogLine) => {
      places[next] = line
      next = (next + 1) % size
    },
    newestFirst: (): ReadonlyArray<LogLine> => [...places.slice(next), ...places.slice(0, next)].reverse(),
  }
}

export const makeLogLines = (bounds: LogBounds = LOG_BOUNDS): LogLines => {
  const all = makeRing(bounds.inAll)
  const channels = new Map<string, ReturnType<typeof makeRing>>()
  let ids = 0
  return {
    add: (given) => {
      const { length } = given.message
      const message = length > bounds.characters ? `${given.message.slice(0, bounds.characters)}…` : given.message
      const line: LogLine = { ...given, id: ++ids, message }
      all.add(line)
      if (line.channel === null) return
      const own = channels.get(line.channel) ?? makeRing(bounds.perChannel)
      // Behind all others: the first of the map is the one that wrote least recently.
      channels.delete(line.channel)
      channels.set(line.channel, own)
      own.add(line)
      const [oldest] = channels.keys()
      if (channels.size > bounds.channels && oldest !== undefined) channels.delete(oldest)
    },
    all: all.newestFirst,
    ofChannel: (slug) => channels.get(slug)?.newestFirst() ?? [],
  }
}

/** Those of the service's own logger. */
export class ServiceLog extends Context.Tag("distributor/ServiceLog")<ServiceLog, LogLines>() {}
