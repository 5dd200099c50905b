/**
 * Three nodes and PostgreSQL with ways between them that can be cut, while sources and viewers are reached by all: by
 * proxies that swallow everything, or with a network namespace, and so a machine, for each node.
 */
import { execFileSync } from "node:child_process"
import { BlackholeLink } from "../../test/e2e/blackhole-link.ts"
import { NetNamespace } from "../../test/e2e/net-namespace.ts"
import { type NodeOptions, type Placed, startNode } from "../../test/e2e/nodes-stage.ts"
import { freeTcpPort } from "../../test/e2e/ports.ts"
import type { Product } from "../../test/e2e/product.ts"

export const NAMES = ["a", "b", "c"] as const
export type Name = (typeof NAMES)[number]

export interface PartitionStage {
  readonly nodes: ReadonlyMap<Name, Product>
  /** Address here for the observer: on it are the sources' groups, and what nodes send comes to it. */
  readonly via: string
  /** `input.interface` of a channel. */
  readonly mediaInterface: string
  /** Cuts these nodes off PostgreSQL and off all other nodes. */
  readonly cut: (side: ReadonlyArray<Name>, rows: ReadonlyArray<Placed>) => void
  readonly heal: () => void
  readonly close: () => Promise<void>
}

type Shared = Pick<NodeOptions, "keyFile"> & {
  readonly databaseUrl: string
  readonly env: Readonly<Record<string, string>>
}

const withPort = (url: string, host: string, port: number): string => {
  const through = new URL(url)
  Object.assign(through, { hostname: host, port: String(port) })
  return through.href
}

/** All on 127.0.0.1, with a proxy before PostgreSQL and one before the HTTP port of each node. */
export const proxyStage = async ({ databaseUrl, env, keyFile }: Shared): Promise<PartitionStage> => {
  const nodes = new Map<Name, Product>()
  const links = new Map<Name, { readonly database: BlackholeLink; readonly http: BlackholeLink }>()
  for (const name of NAMES) {
    const port = await freeTcpPort()
    const database = await BlackholeLink.open(Number(new URL(databaseUrl).port))
    const http = await BlackholeLink.open(port)
    links.set(name, { database, http })
    const more = { ...env, NODE_ADDRESS: `http://127.0.0.1:${http.port}` }
    const through = withPort(databaseUrl, "127.0.0.1", database.port)
    nodes.set(name, await startNode(name, { databaseUrl: through, keyFile, env: more, port }))
  }
  const all = () => [...links.values()].flatMap(({ database, http }) => [database, http])
  return {
    nodes,
    via: "127.0.0.1",
    mediaInterface: "127.0.0.1",
    cut: (side, rows) => {
      const isAcross = (x: Name, y: Name) => side.includes(x) !== side.includes(y)
      for (const [name, { database, http }] of links) {
        if (side.includes(name)) database.cut()
        // Only an owner asks its partner while PostgreSQL is away, from the same side or across.
        if (rows.some(({ owner, partner }) => partner === name && isAcross(owner as Name, name))) http.cut()
      }
    },
    heal: () => {
      for (const link of all()) link.heal()
    },
    close: async () => {
      for (const link of all()) link.heal()
      for (const product of nodes.values()) await product.dispose()
      for (const link of all()) link.close()
    },
  }
}

const ip = (...args: ReadonlyArray<string>) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] })
const MEDIA = "10.97.0"
const CONTROL = "10.96.0"
/** Host number of this namespace on both networks. */
const HERE = 254

/**
 * A node in a namespace each, with two cables: one to the network of sources and viewers, which stays, and one to the
 * network with PostgreSQL and the other nodes, whose switch falls in two. Call it in a network namespace of its own.
 */
export const namespaceStage = async ({ databaseUrl, env, keyFile }: Shared): Promise<PartitionStage> => {
  // Without a querier on it, a switch that snoops would forget who asked for a group.
  for (const bridge of ["media0", "control0", "control1"]) {
    ip("link", "add", bridge, "type", "bridge", "mcast_snooping", "0")
    ip("link", "set", bridge, "up")
  }
  ip("addr", "add", `${MEDIA}.${HERE}/24`, "dev", "media0")
  ip("addr", "add", `${CONTROL}.${HERE}/24`, "dev", "control0")
  const database = await BlackholeLink.open(Number(new URL(databaseUrl).port), `${CONTROL}.${HERE}`)
  const nodes = new Map<Name, Product>()
  const namespaces: NetNamespace[] = []
  for (const [index, name] of NAMES.entries()) {
    const namespace = NetNamespace.empty()
    namespaces.push(namespace)
    for (const [cable, bridge, net] of [
      ["media", "media0", MEDIA],
      ["control", "control0", CONTROL],
    ] as const) {
      const near = `${cable}-${name}`
      ip("link", "add", near, "type", "veth", "peer", "name", cable, "netns", namespace.name)
      ip("link", "set", near, "master", bridge, "up")
      namespace.ip("addr", "add", `${net}.${index + 1}/24`, "dev", cable)
      namespace.ip("link", "set", cable, "up")
    }
    const port = await freeTcpPort()
    const product = await startNode(name, {
      databaseUrl: withPort(databaseUrl, `${CONTROL}.${HERE}`, database.port),
      keyFile,
      port,
      by: namespace.exec,
      host: `${MEDIA}.${index + 1}`,
      env: { ...env, HOST: "0.0.0.0", NODE_ADDRESS: `http://${CONTROL}.${index + 1}:${port}` },
    })
    nodes.set(name, product)
  }
  const plugInto = (bridge: string, side: ReadonlyArray<Name>) => {
    for (const name of side) ip("link", "set", `control-${name}`, "master", bridge)
  }
  return {
    nodes,
    via: `${MEDIA}.${HERE}`,
    mediaInterface: "media",
    cut: (side) => plugInto("control1", side),
    heal: () => plugInto("control0", NAMES),
    close: async () => {
      plugInto("control0", NAMES)
      for (const product of nodes.values()) await product.dispose()
      database.close()
      for (const namespace of namespaces) namespace.close()
    },
  }
}
