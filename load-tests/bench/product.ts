/** The product itself, driven over REST like any automation would. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serviceEnvironment } from "../../scripts/service-environment.mjs"
import type { Load, OwnCounters, Peer, RunningPeer } from "./peer.ts"
import { commandLine, pidsMarked } from "./proc.ts"
import { freeTcpPort, freeUdpPorts, onAbort, root, type Started, sleep, start } from "./processes.ts"

interface ApiOutput {
  readonly status: string
  readonly last_error: string | null
  readonly packets_dropped: number
  readonly error_count: number
}
interface ApiChannel {
  readonly id: string
  readonly status: string
  readonly outputs: ReadonlyArray<ApiOutput>
  readonly input: { readonly legs: ReadonlyArray<{ readonly counters: Readonly<Record<string, number>> }> }
}

const srtUrl = ({ passphrase, srtPort }: Load, streamid: string): string =>
  `srt://127.0.0.1:${srtPort}?streamid=${streamid}${passphrase === undefined ? "" : `&passphrase=${passphrase}&pbkeylen=16`}`

const outputUrls = (load: Load, channel: number): ReadonlyArray<string> => [
  ...Array.from({ length: load.srtOutputs }, (_, o) => srtUrl(load, `c${channel}-o${o}`)),
  ...Array.from(
    { length: load.udpOutputs },
    (_, o) => `udp://127.0.0.1:${load.udpPort + channel * load.udpOutputs + o}`,
  ),
  ...Array.from(
    { length: load.rtmpOutputs ?? 0 },
    (_, o) => `rtmp://127.0.0.1:${load.rtmpPort}/live/c${channel}-o${o}`,
  ),
]

/** A channel list, as an array or wrapped. */
const channelList = (body: unknown): ReadonlyArray<ApiChannel> =>
  (Array.isArray(body) ? body : (body as { channels: unknown }).channels) as ReadonlyArray<ApiChannel>

/** Where a channel is received, and the URLs it goes to. */
interface Places {
  readonly input: (channel: number) => Readonly<Record<string, unknown>>
  readonly outputs: (channel: number) => ReadonlyArray<string>
}

type Call = (method: string, path: string, body?: unknown) => Promise<unknown>

const caller =
  (base: string): Call =>
  async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return text === "" ? null : JSON.parse(text)
  }

const untilReady = async (base: string, service: Started): Promise<void> => {
  let ended = false
  void service.exited.then(() => {
    ended = true
  })
  for (let attempt = 0; ; attempt++) {
    if (ended) throw new Error("the service ended while starting")
    const ready = await fetch(`${base}/readyz`).then(
      (r) => r.ok,
      () => false,
    )
    if (ready) return
    if (attempt === 150) throw new Error("the service is not ready after 15 s")
    await sleep(0.1)
  }
}

const startChannels = async (call: Call, count: number, places: Places): Promise<void> => {
  for (let channel = 0; channel < count; channel++) {
    const created = (await call("POST", "/api/channels", {
      name: `bench ${channel}`,
      ...places.input(channel),
      outputs: places.outputs(channel).map((url) => ({ url, protocol: url.slice(0, url.indexOf(":")) })),
    })) as ApiChannel
    await call("POST", `/api/channels/${created.id}/start`)
  }
}

const countersOf = (channels: ReadonlyArray<ApiChannel>): OwnCounters => {
  const legs = channels.flatMap((channel) => channel.input.legs)
  const outputs = channels.flatMap((channel) => channel.outputs)
  return {
    input_drops: legs.reduce(
      (sum, { counters }) => sum + (counters["rtp_lost"] ?? 0) + (counters["kernel_drops"] ?? 0),
      0,
    ),
    failed_sends: outputs.reduce((sum, output) => sum + output.packets_dropped + output.error_count, 0),
  }
}

/** The service in a directory of its own; `stop` ends its engines, too, and removes the directory. */
const startService = (port: number, engines: number) => {
  const dataDir = mkdtempSync(join(tmpdir(), "distributor-bench-"))
  const service = start(process.execPath, [join(root, "src", "main.ts")], {
    DATA_DIR: dataDir,
    HOST: "127.0.0.1",
    PORT: String(port),
    LOG_LEVEL: "info",
    LOG_FORMAT: "json",
    ENGINES: String(engines),
    ...serviceEnvironment,
  })
  // The engine may outlive the control plane: found by the data directory it was given, whoever its parent is.
  const family = () => pidsMarked("DATA_DIR", dataDir)
  const clear = () => {
    for (const pid of family()) {
      try {
        process.kill(pid, "SIGKILL")
      } catch {
        // Gone since it was listed.
      }
    }
    rmSync(dataDir, { recursive: true, force: true })
  }
  const forget = onAbort(clear)
  const said = () => `${service.errors()}${service.output().slice(-2000)}`
  return {
    service,
    family,
    errors: () => {
      try {
        return `${said()}${readFileSync(join(dataDir, "engine.log"), "utf8").slice(-1000)}`
      } catch {
        return said()
      }
    },
    stop: async () => {
      await service.stop(10_000)
      forget()
      clear()
    },
  }
}

const startProduct = async (load: Load, places: Places): Promise<RunningPeer> => {
  const port = await freeTcpPort()
  const base = `http://127.0.0.1:${port}`
  const call = caller(base)
  const { errors, family, service, stop } = startService(port, load.engines ?? 1)
  try {
    await untilReady(base, service)
    await startChannels(call, load.channels, places)
  } catch (cause) {
    const said = errors()
    await stop()
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${said}`)
  }
  return {
    pids: () => family().map((pid) => ({ pid, role: /engine\/main/.test(commandLine(pid)) ? "engine" : "control" })),
    counters: async () => countersOf(channelList(await call("GET", "/api/channels"))),
    url: base,
    errors,
    stop,
  }
}

const byRtp =
  (load: Load): Places["input"] =>
  (channel) => ({
    rtp_ip: "127.0.0.1",
    rtp_port: load.inputPort + 2 * channel,
  })

export const product: Peer = {
  name: "ours",
  input: "rtp",
  verify: "pattern",
  missing: () => null,
  start: (load) => startProduct(load, { input: byRtp(load), outputs: (channel) => outputUrls(load, channel) }),
}

/** Receives by SRT: its encoders are the outputs of another instance, whose cost does not count. */
export const productBySrt: Peer = {
  ...product,
  start: async (load) => {
    const port = await freeUdpPorts(1)
    const running = await startProduct(load, {
      input: (channel) => ({ input_url: `srt://127.0.0.1:${port}?mode=listener&streamid=c${channel}` }),
      outputs: (channel) => outputUrls(load, channel),
    })
    try {
      const encoder = await startProduct(load, {
        input: byRtp(load),
        outputs: (channel) => [`srt://127.0.0.1:${port}?streamid=c${channel}`],
      })
      return {
        ...running,
        stop: async () => {
          await encoder.stop()
          await running.stop()
        },
      }
    } catch (cause) {
      await running.stop()
      throw cause
    }
  },
}
