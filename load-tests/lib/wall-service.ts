/**
 * The service's pages with channels that change and whose pictures are taken anew every few seconds, without streams:
 * what a page costs is then all that is measured, and a run of hours leaves the machine to others.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Option, Scope } from "effect"
import { memoryAccounts, memoryAudit } from "../../src/effects/testing/accounts.ts"
import { WATCHED_EVERY_MS } from "../../src/effects/thumbnails/Thumbnails.ts"
import { serveHttp } from "../../src/http/HttpServer.ts"
import { makeFakeControlPlane } from "../../src/http/testing/FakeControlPlane.ts"
import { fakeInput, fakeLeg, fakeOutput, fakeScte35 } from "../../src/http/testing/fake-views.ts"

const PICTURES = 64
/** One channel in so many looks otherwise each second. */
const CHANGES_OF = 10

/** Pictures as the service makes them: 320 pixels wide, of a quality that ffmpeg calls 6. */
const makePictures = (): ReadonlyArray<Uint8Array> => {
  const folder = mkdtempSync(join(tmpdir(), "wall-pictures-"))
  try {
    const source = "mandelbrot=size=320x180:rate=1:end_scale=0.01:end_pts=64"
    const options = ["-v", "error", "-f", "lavfi", "-i", source, "-frames:v", String(PICTURES), "-q:v", "6"]
    execFileSync("ffmpeg", [...options, join(folder, "%d.jpg")])
    return readdirSync(folder).map((name) => readFileSync(join(folder, name)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const any = (most: number) => Math.floor(Math.random() * most)

const lookOf = (outputs: number) => {
  const fails = any(4) === 0
  const made = Array.from({ length: outputs }, (_, i) =>
    i === 0 && fails
      ? fakeOutput({ id: "out-0", status: "retrying", last_error: "connection refused" })
      : fakeOutput({ id: `out-${i}`, status: "connected", bitrate: 4e6 + any(4e6) }),
  )
  const inBreak = any(4) === 0
  return {
    status: "running",
    outputs: made,
    input: fakeInput({ legs: [fakeLeg({ bitrate: 4e6 + any(8e6) })] }),
    scte35: inBreak ? fakeScte35({ state: "in_break", ends_in_s: 30, event_id: 4711 }) : fakeScte35(),
  } as const
}

export interface WallService {
  readonly url: string
  readonly close: () => Promise<void>
}

/**
 * Serves the pages of `channels` channels with `outputs` outputs each on a free port of this machine.
 * @param faster how many times as often as by the service a picture is taken
 */
export const startWallService = async (channels: number, outputs: number, faster: number): Promise<WallService> => {
  const pictures = makePictures()
  const everyMs = WATCHED_EVERY_MS / faster
  const numbers = new Map<string, number>()
  const plane = makeFakeControlPlane({
    thumbnails: {
      get: (ref) =>
        Effect.sync(() => {
          const number = numbers.get(ref) ?? 0
          // Channels are taken one after another, not all at once.
          const turn = Math.floor((Date.now() + (number * everyMs) / channels) / everyMs)
          const at = turn * everyMs - Math.round((number * everyMs) / channels)
          const jpeg = pictures[(turn + number) % pictures.length] ?? new Uint8Array()
          return { ok: true, thumbnail: { jpeg, at } } as const
        }),
    },
  })
  for (let i = 0; i < channels; i++) {
    await Effect.runPromise(plane.channels.create({ name: `Channel ${i + 1}`, rtp_port: 5000 + 2 * i }))
  }
  const ids = (await Effect.runPromise(plane.channels.list)).map(({ id }) => id)
  for (const [number, id] of ids.entries()) {
    numbers.set(id, number)
    plane.show(id, lookOf(outputs))
  }
  const pace = setInterval(() => {
    for (const id of ids) if (any(CHANGES_OF) === 0) plane.show(id, lookOf(outputs))
  }, 1000)
  const scope = await Effect.runPromise(Scope.make())
  const settings = { host: "127.0.0.1", port: 0, apiKey: Option.none(), auth: true, thumbnails: channels }
  const accounts = { accounts: memoryAccounts({ apiKey: false }), audit: memoryAudit() }
  const { url } = await Effect.runPromise(Scope.extend(serveHttp(settings, plane, accounts), scope))
  return {
    url,
    close: async () => {
      clearInterval(pace)
      await Effect.runPromise(Scope.close(scope, Exit.void))
    },
  }
}
