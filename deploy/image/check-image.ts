/** What the image must do once it runs. Each line that is printed was seen. */
import { existsSync, readdirSync, statSync } from "node:fs"
import { dataOf } from "./container.ts"
import type { StageMeta } from "./dockerfile.ts"
import { expectThat, until } from "./expect.ts"
import type { ImageRunner, RunningImage } from "./running-image.ts"
import { HEADERS, KEY, ready, SERVICE_URL } from "./the-service.ts"

interface Channel {
  readonly status: string
  readonly outputs: ReadonlyArray<{
    readonly slug: string
    readonly status: string
    readonly url: string
    readonly last_error: unknown
  }>
}

const get = async (path: string): Promise<Response> => {
  const answer = await fetch(`${SERVICE_URL}${path}`, { headers: HEADERS })
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer
}

/** A container that was told nothing makes a key for itself, says it once, and lets nobody in without it. */
const makesItsKey = async (runner: ImageRunner, work: string): Promise<void> => {
  const dataDir = dataOf(work, "first")
  const status = async (key: string) =>
    (await fetch(`${SERVICE_URL}/api/channels`, { headers: { "X-API-Key": key } })).status
  let key = ""
  for (const time of ["first", "second"]) {
    const container = runner.start(dataDir)
    try {
      await ready(`the ${time} start is ready`)
      const said = /\bsd_[\w-]{43}/.exec(container.output)?.[0]
      if (time === "first") key = said ?? ""
      expectThat(
        `the ${time} start says its key: ${time === "first"}`,
        (said !== undefined) === (time === "first"),
        container.output,
      )
      expectThat("nobody is let in without it", (await status("")) === 401 && (await status(key)) === 200)
      const backup = container.exec(["/app/bin/bun", "/app/scripts/distributor.mjs", "backup", "-"])
      expectThat("the command line finds it", backup.code === 0 && backup.output.includes("channels"), backup)
      expectThat("its file is its owner's alone", (statSync(`${dataDir}/first.key`).mode & 0o777) === 0o600)
      await container.stop("SIGTERM")
    } finally {
      container.kill()
    }
  }
}

const streams = async (container: RunningImage): Promise<void> => {
  const running = await until("the channel runs", async () => {
    const channel = (await (await get("/api/channels/demo")).json()) as Channel
    return channel.status === "running" ? channel : null
  })
  const port = /:(\d+)/.exec(running.outputs[0]?.url ?? "")?.[1]
  expectThat("a channel runs, with an SRT output", port !== undefined, running)
  const ffmpeg = `ffmpeg -v quiet -i 'srt://127.0.0.1:${port}?timeout=20000000' -t 3 -c copy -f mpegts pipe:1 | wc -c`
  const received = container.exec(["/bin/sh", "-c", ffmpeg])
  expectThat(
    `ffmpeg of the image receives 3 s by SRT: ${received.output.trim()} bytes`,
    Number(received.output.trim()) > 50_000,
  )

  const body = JSON.stringify({ name: "Web", url: "hls://demo", settings: { segment_s: 2 } })
  const added = await fetch(`${SERVICE_URL}/api/channels/demo/outputs`, { method: "POST", headers: HEADERS, body })
  expectThat("an HLS output is added", added.status === 201, await added.text())
  const playlist = await until("an HLS playlist with a segment", async () => {
    const text = await (await get("/hls/demo/index.m3u8")).text()
    return /#EXTINF/.test(text) || /\.m3u8$/m.test(text) ? text : null
  })
  const listed = playlist.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  const segment = await get(`/hls/demo/${listed[0]}`)
  expectThat("HLS is served", (await segment.arrayBuffer()).byteLength > 10_000, playlist)
}

const isConfined = (runner: ImageRunner, container: RunningImage): void => {
  expectThat(
    "it is not root",
    container
      .status("Uid")
      .split(/\s+/)
      .every((id) => id === String(runner.user.uid)),
  )
  expectThat(
    "it has no capabilities",
    /^0+$/.test(container.status("CapEff")) && /^0+$/.test(container.status("CapBnd")),
  )
  for (const path of ["/app/x", "/etc/x", "/var/x", "/usr/x"]) {
    const tried = container.exec(["/bin/sh", "-c", `touch ${path}`])
    expectThat(`${path.slice(0, -2)} cannot be written`, tried.code !== 0, tried)
  }
}

/** Throws at the first thing that does not hold. */
export const checkImage = async (runner: ImageRunner, meta: StageMeta, work: string): Promise<void> => {
  const { entrypoint, healthcheck, stopSignal } = meta
  if (entrypoint === null || healthcheck === null || stopSignal === null)
    throw new Error("FAILED: ENTRYPOINT, HEALTHCHECK or STOPSIGNAL missing")
  await makesItsKey(runner, work)

  const builtAt = Date.now()
  const dataDir = dataOf(work, "demo")
  const started = performance.now()
  const container = runner.start(dataDir, ["--demo"], { API_KEY: KEY })
  try {
    await ready()
    expectThat(`it is ready after ${Math.round(performance.now() - started)} ms`, true)
    const health = container.health()
    expectThat("the HEALTHCHECK passes", health.code === 0, health)
    const state = (await (await get("/api/health")).json()) as {
      srt: { available: boolean }
      problems: ReadonlyArray<string>
    }
    expectThat("health has libsrt and no problems", state.srt.available && state.problems.length === 0, state)
    expectThat("the page is served", (await (await get("/")).text()).includes("Demo"))
    await streams(container)
    isConfined(runner, container)
    const written = runner.changedSince(builtAt)
    expectThat("nothing of the image was written", written === "", written)
    const kept = readdirSync(dataDir)
    expectThat(
      "/data holds the store",
      kept.includes("distributor.db") && statSync(dataDir).uid === runner.user.uid,
      kept,
    )
    const signal = stopSignal as NodeJS.Signals
    const { code, ms } = await container.stop(signal)
    expectThat(`${signal} ends it with 0 in ${Math.round(ms)} ms`, code === 0 && ms < 5000, {
      code,
      output: container.output,
    })
    const left = existsSync(`${dataDir}/engine.sock`)
    expectThat("its engine has ended too", !left)
  } catch (cause) {
    process.stdout.write(`${container.output.split("\n").slice(-30).join("\n")}\n`)
    throw cause
  } finally {
    container.kill()
  }
}
