import { once } from "node:events"
import { createServer, type IncomingHttpHeaders, type Server } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { afterEach, expect, it } from "vitest"
import { tunnel, tunnelTo } from "./tunnel.ts"

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
const listening = async (server: Server): Promise<number> => {
  servers.push(server)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

/** The node that runs the channel: agrees, and sends back what it gets; or says no. */
const owner = async (agrees: boolean, seen: IncomingHttpHeaders[] = []) => {
  const server = createServer()
  server.on("upgrade", (request, socket) => {
    seen.push(request.headers)
    socket.on("error", () => socket.destroy())
    if (!agrees) return socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    return socket.on("data", (bytes) => socket.write(bytes))
  })
  return listening(server)
}

const entrance = async (ownerPort: number) => {
  const server = createServer()
  const nodes = { self: "a", ownerAddress: (id: string) => (id === "there" ? `http://127.0.0.1:${ownerPort}` : null) }
  server.on("upgrade", async (request, socket, head) => {
    const address = await tunnelTo({ nodes, idOf: async (ref) => ref }, request)
    if (address === null) socket.end("HTTP/1.1 204 Here\r\n\r\n")
    else tunnel(address, request, socket, head)
  })
  return listening(server)
}

/** Sends an upgrade, and reads until what came holds `until`. */
const upgrade = async (port: number, path: string, until: RegExp, more = "", then = "") => {
  const socket = connect(port, "127.0.0.1")
  sockets.push(socket)
  let text = ""
  socket.write(`GET ${path} HTTP/1.1\r\nHost: tv.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${more}\r\n`)
  for await (const bytes of socket) {
    text += String(bytes)
    if (then !== "" && text.includes("101 ") && !text.includes(then)) socket.write(then)
    if (until.test(text)) break
  }
  return text
}

it("carries bytes both ways, under the name and with the key that the client came with", async () => {
  const seen: IncomingHttpHeaders[] = []
  const port = await entrance(await owner(true, seen))
  const text = await upgrade(port, "/preview/there", /hello/, "X-API-Key: k\r\nOrigin: http://tv.example\r\n", "hello")
  expect(text).toMatch(/^HTTP\/1\.1 101 /)
  expect(seen).toMatchObject([{ host: "tv.example", "x-api-key": "k", origin: "http://tv.example" }])
  // With it the owner would not look at the origin.
  expect(seen[0]?.["x-distributor-peer"]).toBeUndefined()
})

it("passes on a refusal, and says so itself when the node is silent", async () => {
  expect(await upgrade(await entrance(await owner(false)), "/preview/there", /no$/)).toMatch(/^HTTP\/1\.1 401 /)
  const gone = await owner(true)
  servers.pop()?.close()
  expect(await upgrade(await entrance(gone), "/preview/there", /503/)).toMatch(/^HTTP\/1\.1 503 /)
})

it("leaves to this node what is its own, and what another one has passed on", async () => {
  const port = await entrance(await owner(true))
  expect(await upgrade(port, "/preview/here", /204/)).toContain("204 Here")
  expect(await upgrade(port, "/preview/there", /204/, "X-Distributor-Tunnelled: 1\r\n")).toContain("204 Here")
})
