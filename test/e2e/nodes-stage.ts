/** Nodes of one PostgreSQL on this machine, with channels that come by multicast, and an observer of what they send. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { NodeView, PlacementView } from "../../src/effects/nodes/Nodes.ts"
import { executePostgres } from "../../src/effects/testing/postgres.ts"
import type { ObserverSettings, Report } from "./nodes-observer.ts"
import { freeTcpPort, freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
export const API_KEY = "a key of all nodes"
/** The shortest times that are taken. */
export const LEASE_S = 4
export const DEAD_S = 5

/** What viewers see. */
export class Observer {
  readonly #child: ChildProcess
  readonly #waiting: Array<(report: Report) => void> = []

  private constructor(child: ChildProcess) {
    this.#child = child
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => this.#waiting.shift()?.(JSON.parse(line) as Report))
  }

  /** @param by command to run it by, as `ip netns exec ...` */
  static start(settings: ObserverSettings, by: ReadonlyArray<string> = []): Observer {
    const [command = "", ...args] = [
      ...by,
      join(root, "node_modules/.bin/bun"),
      join(root, "test/e2e/nodes-observer.ts"),
      JSON.stringify(settings),
    ]
    return new Observer(spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] }))
  }

  #ask(line: string): Promise<Report> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#child.stdin?.write(`${line}\n`)
    })
  }

  /** What has been seen since the last mark. */
  report(): Promise<Report> {
    return this.#ask("report")
  }

  /** Counts from now on. */
  async mark(): Promise<void> {
    await this.#ask("mark")
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, "exit")
    this.#child.stdin?.end()
    await gone
  }
}

export interface Placed {
  readonly channel: string
  readonly epoch: number
  readonly owner: string
  readonly partner: string | null
  readonly gap_ms: number | null
}

/** Rows as PostgreSQL has them. */
export const placements = async (url: string): Promise<ReadonlyArray<Placed>> =>
  (await executePostgres(
    url,
    `SELECT p.channel, p.epoch::int AS epoch, p.owner, p.partner, p.gap_ms FROM placements p
       JOIN channels c ON c.id = p.channel ORDER BY c.number`,
  )) as unknown as ReadonlyArray<Placed>

export interface NodeOptions {
  readonly databaseUrl: string
  readonly keyFile: string
  readonly env?: Readonly<Record<string, string>>
  readonly dataDir?: string
  readonly port?: number
  readonly by?: ReadonlyArray<string>
  readonly host?: string
  readonly runtime?: "bun" | "deno"
}

/** What makes a service a node. */
export const nodeEnvironment = (
  name: string,
  { address, databaseUrl, keyFile }: Pick<NodeOptions, "databaseUrl" | "keyFile"> & { readonly address: string },
) => ({
  API_KEY,
  DATABASE_URL: databaseUrl,
  KEY_FILE: keyFile,
  NODES: "on",
  NODE_NAME: name,
  NODE_ADDRESS: address,
  LEASE_S: String(LEASE_S),
  DEAD_S: String(DEAD_S),
})

/** Starts one node. */
export const startNode = async (name: string, options: NodeOptions): Promise<Product> => {
  const { by, databaseUrl, dataDir, env, host, keyFile, runtime } = options
  const port = options.port ?? (await freeTcpPort())
  const address = `http://127.0.0.1:${port}`
  return await Product.start({
    env: { ...nodeEnvironment(name, { databaseUrl, keyFile, address }), ...env },
    port,
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(by === undefined ? {} : { by }),
    ...(host === undefined ? {} : { host }),
    ...(runtime === undefined ? {} : { runtime }),
  })
}

/** A directory for the key file that all nodes share. */
export const sharedKeyFile = (): string => join(mkdtempSync(join(tmpdir(), "distributor-nodes-")), "secret.key")

/** Channels with one UDP output each, for the observer. */
export const channelsFor = async (count: number, host = "127.0.0.1") =>
  Promise.all(
    Array.from({ length: count }, async (_, n) => ({
      group: `239.77.0.${n + 1}`,
      port: await freeUdpPort(),
      output: await freeUdpPort(),
      host,
    })),
  )

/** Waits until each channel has an owner that sends it. */
export const allSent = (observer: Observer, ms = 30_000): Promise<Report> =>
  eventually(
    "all channels are sent",
    async () => {
      await observer.mark()
      await new Promise((resolve) => setTimeout(resolve, 400))
      const report = await observer.report()
      return report.channels.every(({ datagrams }) => datagrams >= 5) ? report : null
    },
    ms,
  )

export type { NodeView, PlacementView }
