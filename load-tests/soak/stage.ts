/** What a soak runs: the product with its channels and every kind of output, and all that stands around it. */
import { join } from "node:path"
import { createInterface } from "node:readline"
import { type PostgresServer, startPostgres } from "../../src/effects/testing/postgres.ts"
import { Product } from "../../test/e2e/product.ts"
import { RtspTestServer } from "../../test/e2e/rtsp-test-server.ts"
import {
  type ControlledSink,
  freeTcpPort,
  freeUdpPorts,
  root,
  type Started,
  start,
  startSink,
  startTool,
} from "../bench/processes.ts"
import { type RtmpServer, rtmpServerMissing, startRtmpServer } from "../bench/rtmp-server.ts"
import type { NetworkReport, NetworkSettings } from "./network.ts"
import type { SoakOptions } from "./options.ts"
import { type OwnMachine, openOwnMachine } from "./own-machine.ts"

const PASSPHRASE = "0123456789abcdef"
/** Latency of SRT in ms: what a busy machine's receiver may stand still for. */
const LATENCY_MS = 1500
const LOGIN = "soak:secret"
/** Kinds of output that channels have beside UDP, in turn. */
const KINDS = ["srt", "srt-impaired", "srt-listener", "rtp", "hls", "file", "rtmp", "rtsp"] as const
type Kind = (typeof KINDS)[number]

export interface Ports {
  readonly source: number
  readonly primary: number
  readonly backup: number
  readonly udp: number
  readonly rtp: number
  readonly srt: number
  readonly listeners: number
  readonly cues: number
  readonly cuesOut: number
  readonly guest: number
}

/** A channel, and what of its configuration a change repeats. */
export interface SoakChannel {
  readonly id: string
  readonly kind: Kind
  readonly input: Readonly<Record<string, unknown>>
}

export interface Stage {
  readonly ports: Ports
  readonly channels: ReadonlyArray<SoakChannel>
  readonly cueChannel: string
  readonly recordings: string
  readonly machine: OwnMachine
  /** The store, where that is asked for. */
  readonly postgres: PostgresServer | null
  readonly sink: ControlledSink
  readonly cueSink: ControlledSink
  readonly network: Network
  readonly rtmp: RtmpServer | null
  readonly rtsp: RtspTestServer
  readonly sender: Started
  product: Product
  startProduct: () => Promise<Product>
  readonly stop: () => Promise<void>
}

export interface Network {
  readonly relays: ReadonlyArray<number>
  readonly report: () => Promise<NetworkReport>
  readonly started: Started
}

const startNetwork = async (settings: NetworkSettings): Promise<Network> => {
  const started = start(process.execPath, [join(root, "load-tests/soak/network.ts"), JSON.stringify(settings)])
  const waiting: Array<(line: string) => void> = []
  const { stdin, stdout } = started.child
  if (stdin === null || stdout === null) throw new Error("the network has no pipes")
  createInterface({ input: stdout }).on("line", (line) => waiting.shift()?.(line))
  const answer = () =>
    new Promise<string>((resolve, reject) => {
      waiting.push(resolve)
      void started.exited.then(() => reject(new Error(`the network ended: ${started.errors()}`)))
    })
  const { relays } = JSON.parse(await answer()) as { relays: ReadonlyArray<number> }
  return {
    relays,
    started,
    report: () => {
      const reply = answer()
      stdin.write("report\n")
      return reply.then((line) => JSON.parse(line) as NetworkReport)
    },
  }
}

const takePorts = async (channels: number): Promise<Ports> => {
  const first = await freeUdpPorts(10 * channels + 40)
  const at = (place: number) => first + place * channels
  return {
    source: at(0),
    primary: at(2),
    backup: at(4),
    udp: at(6),
    rtp: at(7),
    srt: at(8),
    listeners: at(9),
    cues: at(10) + 10,
    cuesOut: at(10) + 20,
    guest: at(10) + 30,
  }
}

/** The URL of a channel's output of a kind; `nth` counts those of its kind. */
const urlOf = (
  kind: Kind,
  nth: number,
  stage: { far: string; ports: Ports; relays: ReadonlyArray<number>; rtmp: number; rtsp: number },
) => {
  const { far, ports, relays, rtmp, rtsp } = stage
  const keys = `passphrase=${PASSPHRASE}&latency=${LATENCY_MS}`
  switch (kind) {
    case "srt":
      return `srt://${far}:${ports.srt}?streamid=srt-${nth}&${keys}`
    case "srt-impaired":
      return `srt://${far}:${relays[nth] ?? 0}?streamid=srt-impaired-${nth}&${keys}&key_refresh_packets=20000`
    case "srt-listener":
      return `srt://0.0.0.0:${ports.listeners + nth}?mode=listener&${keys}`
    case "rtp":
      return `rtp://${far}:${ports.rtp + nth}`
    case "hls":
      return `hls://soak-${nth}`
    case "file":
      return `file://soak-${nth}`
    case "rtmp":
      return `rtmp://${far}:${rtmp}/live/soak-${nth}`
    case "rtsp":
      return `rtsp://${LOGIN}@${far}:${rtsp}/soak-${nth}`
  }
}

/** Starts products, one after another, on a machine of their own; recordings lie outside, the store where `database` says. */
const starterOf = async (machine: OwnMachine, folder: string, database: Readonly<Record<string, string>>) => {
  const recordings = join(folder, "recordings")
  const port = await freeTcpPort()
  const startProduct = () =>
    Product.start({
      dataDir: machine.dataDir,
      port,
      env: { RECORDINGS_DIR: recordings, HLS_DIR: join(folder, "hls"), ...machine.env, ...database },
      ...(machine.disk === null ? {} : { by: machine.disk.by }),
    })

  return { recordings, startProduct }
}

/** Makes the channels of the pattern, each with UDP and one other kind of output. */
const makeChannels = async (
  product: Product,
  kinds: ReadonlyArray<Kind>,
  around: Parameters<typeof urlOf>[2],
): Promise<ReadonlyArray<SoakChannel>> => {
  const { ports } = around
  const channels: SoakChannel[] = []
  const nth = new Map<Kind, number>()
  for (const [c, kind] of kinds.entries()) {
    const number = nth.get(kind) ?? 0
    nth.set(kind, number + 1)
    const url = urlOf(kind, number, around)
    const input = {
      name: `Soak ${c}`,
      rtp_ip: "127.0.0.1",
      rtp_port: ports.primary + 2 * c,
      backup_rtp_ip: "127.0.0.1",
      backup_rtp_port: ports.backup + 2 * c,
    }
    const outputs = [
      { name: "udp", url: `udp://127.0.0.1:${ports.udp + c}` },
      { name: kind, url, ...(kind === "file" ? { settings: { segment_mb: 1 } } : {}) },
    ]
    const { id } = await product.channel({ ...input, input: { mode: "merge" }, outputs })
    channels.push({ id, kind, input })
  }
  return channels
}

/** Makes the channel whose programme has a break every minute, with a listener that guests come to. */
const makeCueChannel = (product: Product, ports: Ports) =>
  product.channel({
    name: "Soak cues",
    rtp_ip: "127.0.0.1",
    rtp_port: ports.cues,
    outputs: [
      { name: "udp", url: `udp://127.0.0.1:${ports.cuesOut}` },
      { name: "guests", url: `srt://0.0.0.0:${ports.guest}?mode=listener` },
    ],
  })

export const openStage = async (options: SoakOptions, folder: string): Promise<Stage> => {
  const { bitrate, channels: count, impairment, seed } = options
  const ports = await takePorts(count)
  const kinds = Array.from({ length: count }, (_, c): Kind => KINDS[c % KINDS.length] ?? "srt")
  const many = (kind: Kind) => kinds.filter((one) => one === kind).length
  const [relayed, listening, byRtp] = [many("srt-impaired"), many("srt-listener"), many("rtp")]
  const network = await startNetwork({
    port: ports.source,
    channels: count,
    primary: ports.primary,
    backup: ports.backup,
    legs: { ...impairment.legs, seed },
    receivers: Array.from({ length: relayed }, (_, i) => ports.srt + 1 + i),
    relay: impairment.relay,
  })
  const rtmp = rtmpServerMissing() === null ? await startRtmpServer() : null
  const rtsp = await RtspTestServer.start(LOGIN)
  const sinkArgs = ["--latency", LATENCY_MS, "--passphrase", PASSPHRASE, "--udp", `${ports.udp}:${count + byRtp}`]
  const sink = await startSink([
    ...sinkArgs,
    ...["--srt-listen", `${ports.srt}:${1 + relayed}`],
    ...(listening > 0 ? ["--srt-call", `${ports.listeners}:${listening}`, "--reconnect", 500] : []),
  ])
  const cueSink = await startSink(["--udp", ports.cuesOut, "--verify", "ts"])

  const postgres = options.stopPostgresS === null ? null : await startPostgres()
  const database = postgres === null ? {} : { DATABASE_URL: await postgres.createDatabase() }
  const machine = await openOwnMachine(folder)
  const { recordings, startProduct } = await starterOf(machine, folder, database)
  const product = await startProduct()
  const channels = await makeChannels(product, kinds, {
    far: machine.far,
    ports: { ...ports, rtp: ports.udp + count },
    relays: network.relays,
    rtmp: rtmp?.port ?? 9,
    rtsp: rtsp.port,
  })
  const cues = await makeCueChannel(product, ports)
  const sender = startTool("rtp-sender", ["--base-port", ports.source, "--channels", count, "--bitrate", bitrate])
  const source = start(process.execPath, [
    ...[join(root, "src/engine/test-source.ts"), "--to", `127.0.0.1:${ports.cues}`, "--bitrate", "1500000"],
    ...["--break-every", "60", "--break-length", "10", "--parent-pipe"],
  ])
  const stage: Stage = {
    ports,
    channels,
    cueChannel: cues.id,
    recordings,
    machine,
    postgres,
    sink,
    cueSink,
    network,
    rtmp,
    rtsp,
    sender,
    product,
    startProduct,
    stop: async () => {
      await stage.product.dispose().catch(() => {})
      for (const one of [sender, source, network.started, sink.started, cueSink.started]) await one.stop()
      await rtmp?.stop()
      await postgres?.end()
      rtsp.stop()
      machine.disk?.unmount()
    },
  }
  return stage
}
