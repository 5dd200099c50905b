/**
 * Keeps open pages up to date by server-sent events: once a second each page's regions are rendered once for all of its
 * readers, and only the items whose markup has changed are sent, as `<hx-partial>`s that htmx morphs into the page.
 */
import { Effect, Fiber, Runtime } from "effect"
import type { Context } from "hono"
import { makeProblem, problemResponse } from "./problem.ts"

/** An element of the page whose children come, go and change places; each child has an `id` and changes by itself. */
export interface LiveRegion {
  /** `id` of the element that contains the items. */
  readonly id: string
  /** The element's children in order: their `id` and their whole markup. */
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
  /** Renders all open pages now rather than within the second, because somebody has just changed something. */
  readonly refresh: () => void
  /** Ends all streams; browsers reconnect when the service is back. */
  readonly close: () => void
}

const EVERY_MS = 1000
/** Time in ms after which a stream without news gets a comment to keep it alive. */
const KEEP_ALIVE_MS = 15_000
/** Most streams at a time. */
export const MAX_STREAMS = 200
/** Backlog in bytes from which a reader is skipped until it has caught up; then it gets everything. */
export const MAX_BUFFERED_BYTES = 256 * 1024
/** Rounds a reader may be skipped in a row before its stream is closed. */
const MAX_SKIPPED = 30

interface Reader {
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  /** False once the caller it was opened for may no longer read it. */
  readonly lasts: () => boolean
  /** True until the reader has got everything once, and again after it was skipped. */
  behind: boolean
  skipped: number
}

interface Group {
  readonly readers: Set<Reader>
  shown: ReadonlyMap<string, LiveRegion>
  lastSent: number
  fiber: Fiber.RuntimeFiber<void> | null
  /** Ends the pause before the next round; null during one. */
  wake: (() => void) | null
}

const encoder = new TextEncoder()
const message = (markup: string) => encoder.encode(`data: ${markup.replaceAll("\n", "\ndata: ")}\n\n`)
const partial = (id: string, swap: string, html: string) => `<hx-partial hx-target="#${id}" hx-swap="${swap}">${html}</hx-partial>`
const whole = ({ id, items }: LiveRegion) => partial(id, "innerMorph", items.map(({ html }) => html).join(""))

/** Markup that changes a page showing `before` into one showing `region`. */
export const changesOf = (before: LiveRegion | undefined, region: LiveRegion): string => {
  const same =
    before !== undefined && before.items.length === region.items.length && before.items.every((item, i) => item.id === region.items[i]?.id)
  if (!same) return whole(region)
  return region.items.map((item, i) => (item.html === before.items[i]?.html ? "" : partial(item.id, "outerMorph", item.html))).join("")
}

const tooMany = makeProblem("too-many-requests", `more than ${MAX_STREAMS} pages are open; close some`)

export const makeLivePages = (runtime: Runtime.Runtime<never>): LivePages => {
  const groups = new Map<string, Group>()
  let closed = false
  const size = () => [...groups.values()].reduce((sum, { readers }) => sum + readers.size, 0)

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

  const tell = (key: string, group: Group, regions: ReadonlyArray<LiveRegion>, now: number) => {
    const news = regions.map((region) => changesOf(group.shown.get(region.id), region)).join("")
    group.shown = new Map(regions.map((region) => [region.id, region]))
    const keepAlive = news === "" && now - group.lastSent >= KEEP_ALIVE_MS
    if (news !== "" || keepAlive) group.lastSent = now
    const changes = news === "" ? null : message(news)
    let everything: Uint8Array | null = null
    for (const reader of [...group.readers]) {
      if (!reader.lasts()) {
        end(key, group, reader)
        continue
      }
      const room = reader.controller.desiredSize ?? 0
      if (room <= 0) {
        reader.behind = true
        if (++reader.skipped > MAX_SKIPPED) end(key, group, reader)
        continue
      }
      reader.skipped = 0
      if (reader.behind) {
        everything ??= message(regions.map(whole).join(""))
        reader.behind = false
        reader.controller.enqueue(everything)
      } else if (changes !== null) reader.controller.enqueue(changes)
      else if (keepAlive) reader.controller.enqueue(encoder.encode(": still here\n\n"))
    }
  }

  const pause = (group: Group) =>
    Effect.race(
      Effect.sleep(EVERY_MS),
      Effect.async<void>((resume) => {
        group.wake = () => resume(Effect.void)
      }),
    ).pipe(Effect.ensuring(Effect.sync(() => (group.wake = null))))

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

  return {
    size,
    refresh: () => {
      for (const { wake } of groups.values()) wake?.()
    },
    close: () => {
      closed = true
      for (const [key, group] of [...groups]) for (const reader of [...group.readers]) end(key, group, reader)
    },
    stream: (c, key, view) => {
      if (closed || size() >= MAX_STREAMS) return problemResponse(tooMany, c.req.path)
      const group: Group = groups.get(key) ?? { readers: new Set(), shown: new Map(), lastSent: Date.now(), fiber: null, wake: null }
      const lasts = c.get("lasting") ?? (() => true)
      let reader: Reader | null = null
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            reader = { controller, lasts, behind: true, skipped: 0 }
            group.readers.add(reader)
            groups.set(key, group)
            group.fiber ??= Runtime.runFork(runtime)(follow(key, group, view))
          },
          cancel: () => {
            if (reader !== null) leave(key, group, reader)
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: MAX_BUFFERED_BYTES }),
      )
      return c.body(body, 200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" })
    },
  }
}
