/**
 * Keeps open pages up to date by server-sent events: on changes, and once a second at least, each page's regions are
 * rendered once for all of its readers, and only the items whose markup has changed are sent, as `<hx-partial>`s that
 * htmx morphs into the page.
 */
import { Effect, Fiber, Runtime, Stream } from "effect"
import type { Context } from "hono"
import type { ChangeFeedService } from "../../effects/model/ChangeFeed.ts"
import { makeProblem, problemResponse } from "../request/problem.ts"

/** An element of the page whose children come, go and change places; each child has an `id` and changes by itself. */
export interface LiveRegion {
  /** The `id` of the element that holds the items. */
  readonly id: string
  /** The children in order: their `id` and their whole markup. */
  readonly items: ReadonlyArray<{ readonly id: string; readonly html: string }>
}

/** The present content of a page; fails when its subject is gone, which ends its streams. */
export type LiveView = Effect.Effect<ReadonlyArray<LiveRegion>, unknown>

export interface LivePages {
  /**
   * The event stream of a page. All readers with one `key` share one rendering, so the key names everything it depends
   * on: the page, and the reader's role where that shows.
   */
  readonly stream: (c: Context, key: string, view: LiveView) => Response
  readonly size: () => number
  /** Renders all open pages now rather than within the second, because something has just changed. */
  readonly refresh: () => void
  /** Ends all streams; browsers reconnect when the service is back. */
  readonly close: () => void
}

const EVERY_MS = 1000
/**
 * The time after which a stream without news gives a sign of life, in ms: an event, which the page sees (connection.js
 * takes a stream that is silent for longer than two of them for lost).
 */
const KEEP_ALIVE_MS = 5000
/** The number of streams at the same time. */
export const MAX_STREAMS = 200
/** The number of unread bytes at which a reader is left out until it has caught up; then it gets everything. */
export const MAX_BUFFERED_BYTES = 256 * 1024
/** The number of rounds in a row that a reader may be left out before it is closed. */
const MAX_SKIPPED = 30

interface Reader {
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  /** False once the caller that it was opened for may no longer read it. */
  readonly lasts: () => boolean
  /** True until the reader has got everything once, and after it was left out. */
  behind: boolean
  /** The number of rounds in a row that the reader was left out. */
  skipped: number
}

/** The readers of one page. */
interface Group {
  readonly readers: Set<Reader>
  /** The regions as readers have them, by id. */
  shown: ReadonlyMap<string, LiveRegion>
  /** Unix time in ms. */
  lastSent: number
  fiber: Fiber.RuntimeFiber<void> | null
  /** Ends the pause before the next round; null during one. */
  wake: (() => void) | null
  /** True when something has changed since the present round began: it may have read the state from before. */
  stale: boolean
}

const encoder = new TextEncoder()
const message = (markup: string) => encoder.encode(`data: ${markup.replaceAll("\n", "\ndata: ")}\n\n`)
const partial = (id: string, swap: string, html: string) =>
  `<hx-partial hx-target="#${id}" hx-swap="${swap}">${html}</hx-partial>`
const whole = ({ id, items }: LiveRegion) => partial(id, "innerMorph", items.map(({ html }) => html).join(""))

/** Markup that changes a page showing `before` into one showing `region`. */
export const changesOf = (before: LiveRegion | undefined, region: LiveRegion): string => {
  const same =
    before !== undefined &&
    before.items.length === region.items.length &&
    before.items.every((item, i) => item.id === region.items[i]?.id)
  if (!same) return whole(region)
  return region.items
    .map((item, i) => (item.html === before.items[i]?.html ? "" : partial(item.id, "outerMorph", item.html)))
    .join("")
}

const tooMany = makeProblem("too-many-requests", `more than ${MAX_STREAMS} pages are open; close some`)

/** A round's news for the readers of one page. */
interface News {
  /** For readers that have everything so far; null when nothing has changed. */
  readonly changes: Uint8Array | null
  /** For readers that have fallen behind; made once for all of them. */
  readonly everything: () => Uint8Array
  /** True when it is time for a sign of life. */
  readonly keepAlive: boolean
}

/** What a page's readers are told now; from then on the group shows `regions`. */
const newsOf = (group: Group, regions: ReadonlyArray<LiveRegion>, nowMs: number): News => {
  const changes = regions.map((region) => changesOf(group.shown.get(region.id), region)).join("")
  group.shown = new Map(regions.map((region) => [region.id, region]))
  const keepAlive = changes === "" && nowMs - group.lastSent >= KEEP_ALIVE_MS
  if (changes !== "" || keepAlive) group.lastSent = nowMs
  let everything: Uint8Array | null = null
  return {
    changes: changes === "" ? null : message(changes),
    everything: () => {
      everything ??= message(regions.map(whole).join(""))
      return everything
    },
    keepAlive,
  }
}

/** Sends the news to a reader that has room for it; false when the reader is to be closed. */
const send = (reader: Reader, { changes, everything, keepAlive }: News): boolean => {
  if (!reader.lasts()) return false
  const room = reader.controller.desiredSize ?? 0
  if (room <= 0) {
    reader.behind = true
    reader.skipped++
    return reader.skipped <= MAX_SKIPPED
  }
  reader.skipped = 0
  if (reader.behind) {
    reader.behind = false
    reader.controller.enqueue(everything())
  } else if (changes !== null) reader.controller.enqueue(changes)
  else if (keepAlive) reader.controller.enqueue(encoder.encode("event: alive\ndata:\n\n"))
  return true
}

/** The time until the next round of a group: a second, less when somebody wakes it, none when the last one is stale. */
const pause = (group: Group) =>
  Effect.race(
    Effect.sleep(EVERY_MS),
    Effect.async<void>((resume) => {
      if (group.stale) resume(Effect.void)
      else group.wake = () => resume(Effect.void)
    }),
  ).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        group.wake = null
        group.stale = false
      }),
    ),
  )

/** Open pages by their keys. A page's rounds begin with its first reader and end when the last one has left. */
const makeGroups = (runtime: Runtime.Runtime<never>) => {
  const groups = new Map<string, Group>()

  const leave = (key: string, group: Group, reader: Reader) => {
    group.readers.delete(reader)
    if (group.readers.size > 0) return
    if (groups.get(key) === group) groups.delete(key)
    if (group.fiber !== null) Runtime.runFork(runtime)(Fiber.interruptFork(group.fiber))
    group.fiber = null
  }
  const end = (key: string, group: Group, reader: Reader) => {
    leave(key, group, reader)
    try {
      reader.controller.close()
    } catch {
      // The reader had already left.
    }
  }

  const tell = (key: string, group: Group, regions: ReadonlyArray<LiveRegion>, nowMs: number) => {
    const news = newsOf(group, regions, nowMs)
    for (const reader of [...group.readers]) if (!send(reader, news)) end(key, group, reader)
  }

  const follow = (key: string, group: Group, view: LiveView) =>
    view.pipe(
      Effect.tap((regions) => Effect.sync(() => tell(key, group, regions, Date.now()))),
      Effect.zipRight(pause(group)),
      Effect.forever,
      Effect.catchAllCause((cause) => Effect.logDebug("a live page ended", cause)),
      Effect.ensuring(
        Effect.sync(() => {
          for (const reader of [...group.readers]) end(key, group, reader)
        }),
      ),
    )

  /** Adds a reader to a page; what it returns takes the reader out again. */
  const join = (key: string, view: LiveView, reader: Reader): (() => void) => {
    const group: Group = groups.get(key) ?? {
      readers: new Set(),
      shown: new Map(),
      lastSent: Date.now(),
      fiber: null,
      wake: null,
      stale: false,
    }
    group.readers.add(reader)
    groups.set(key, group)
    group.fiber ??= Runtime.runFork(runtime)(follow(key, group, view))
    return () => leave(key, group, reader)
  }

  return {
    join,
    size: () => [...groups.values()].reduce((sum, { readers }) => sum + readers.size, 0),
    refresh: () => {
      for (const group of groups.values()) {
        if (group.wake === null) group.stale = true
        else group.wake()
      }
    },
    endAll: () => {
      for (const [key, group] of [...groups]) for (const reader of [...group.readers]) end(key, group, reader)
    },
  }
}

export const makeLivePages = (runtime: Runtime.Runtime<never>): LivePages => {
  const { endAll, join, refresh, size } = makeGroups(runtime)
  let closed = false

  return {
    size,
    refresh,
    close: () => {
      closed = true
      endAll()
    },
    stream: (c, key, view) => {
      if (closed || size() >= MAX_STREAMS) return problemResponse(tooMany, c.req.path)
      const lasts = c.get("lasting") ?? (() => true)
      let leave: (() => void) | null = null
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            leave = join(key, view, { controller, lasts, behind: true, skipped: 0 })
          },
          cancel: () => leave?.(),
        },
        new ByteLengthQueuingStrategy({ highWaterMark: MAX_BUFFERED_BYTES }),
      )
      return c.body(body, 200, {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      })
    },
  }
}

/** Renders all open pages with each change that a viewer would see; never ends. */
export const followChanges = (
  live: Pick<LivePages, "refresh">,
  { changes }: Pick<ChangeFeedService, "changes">,
): Effect.Effect<void> => Stream.runForEach(changes, () => Effect.sync(live.refresh))
