/** The apps of two nodes in one process, which reach each other as nodes do, without sockets. */
import type { AccountsService } from "../../effects/accounts/Accounts.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import type { AppDeps } from "../App.ts"
import type { CallNode } from "../nodes/call-node.ts"
import { ADDRESSES, type FakeNodes, fakeNodes } from "./fake-nodes.ts"
import { makeTestApp, type TestApp } from "./test-app.ts"

export interface TwoNodes {
  readonly a: TestApp
  readonly b: TestApp
  /** Addresses of the nodes, which a test may change. */
  readonly addresses: Record<string, string>
  readonly nodes: { readonly a: FakeNodes; readonly b: FakeNodes }
  /** Requests that went from one to the other: method and path, and their headers. */
  readonly passed: Array<{ readonly to: string; readonly line: string; readonly headers: Headers }>
  /** Names of nodes that do not answer. */
  readonly silent: Set<string>
  /** Makes a channel that both have, as their database would tell them, run by one of them. */
  readonly channel: (name: string, port: number, owner: "a" | "b") => Promise<ChannelView>
}

export const twoNodes = (options: { settings?: AppDeps["settings"]; accounts?: AccountsService } = {}): TwoNodes => {
  const addresses: Record<string, string> = { ...ADDRESSES }
  const nodes = { a: fakeNodes("a", addresses), b: fakeNodes("b", addresses) }
  const passed: TwoNodes["passed"] = []
  const silent = new Set<string>()
  const apps: Record<string, TestApp> = {}
  const call: CallNode = async (address, { body, headers, method, path }) => {
    const to = Object.keys(ADDRESSES).find((name) => ADDRESSES[name] === address.origin) ?? ""
    passed.push({ to, line: `${method} ${path}`, headers })
    const app = apps[to]
    if (app === undefined || silent.has(to)) throw new Error(`the node at ${address.host} does not answer`)
    return app.app.request(path, {
      method,
      headers,
      ...(body === null ? {} : { body: await new Response(body).text() }),
    })
  }
  const start = (self: "a" | "b") => makeTestApp({ ...options, call, over: { nodes: nodes[self] } })
  apps["a"] = start("a")
  apps["b"] = start("b")
  const { a, b } = apps as Record<"a" | "b", TestApp>
  return {
    a,
    b,
    addresses,
    nodes,
    passed,
    silent,
    channel: async (name, port, owner) => {
      const key = { "X-API-Key": "k" }
      const made = (await (await a.call("POST", "/api/channels", { name, rtp_port: port }, key)).json()) as ChannelView
      await b.call("POST", "/api/channels", { name, rtp_port: port }, key)
      for (const one of Object.values(nodes)) one.owners.set(made.id, owner)
      return made
    },
  }
}
