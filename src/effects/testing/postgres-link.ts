/** A way to PostgreSQL that loses a COMMIT, or its answer. */
import { connect, createServer, type Socket } from "node:net"

/** `answer`: PostgreSQL carries the COMMIT out and nobody hears of it; `commit`: it never comes there. */
export type Lost = "answer" | "commit"

const COMMIT = Buffer.from("COMMIT\0")

/** @param to URL of a database */
export const startPostgresLink = async (to: string) => {
  const { hostname, port } = new URL(to)
  const sockets = new Set<Socket>()
  let trap: { readonly text: string; readonly lost: Lost } | null = null
  let sprung = 0
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    const cut = () => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on("error", cut)
      socket.on("close", cut)
    }
    let armed: Lost | null = null
    let deaf = false
    near.on("data", (chunk: Buffer) => {
      if (trap !== null && chunk.includes(trap.text)) armed = trap.lost
      if (armed !== null && chunk.includes(COMMIT)) {
        trap = null
        sprung++
        if (armed === "commit") return cut()
        deaf = true
      }
      far.write(chunk)
    })
    far.on("data", (chunk: Buffer) => {
      if (deaf) cut()
      else near.write(chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const url = new URL(to)
  url.port = String(address !== null && typeof address === "object" ? address.port : 0)
  return {
    url: url.href,
    /** The next transaction with this text in it loses its COMMIT. */
    lose: (text: string, lost: Lost) => {
      trap = { text, lost }
    },
    /** How often it has. */
    sprung: () => sprung,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
