/**
 * Finds blocks of UDP ports that are free now, below the range that the kernel gives out by itself, so that no socket
 * opened later takes them.
 */
import { createSocket, type Socket } from "node:dgram"

const FIRST = 20_000
const LAST = 31_000
/** Number of ports that a block may touch: media, RTCP and the FEC ports + 2 and + 4. */
const BLOCK = 6
/**
 * Offset of the RTCP port, which the product leaves alone. It is bound for as long as the process lives, and so keeps
 * the block from other test runs.
 */
const GUARD = 1

let next = FIRST + ((process.pid * 97) % (LAST - FIRST))

/** Binds a port; returns the socket, or null when the port is taken. */
const bind = (port: number): Promise<Socket | null> =>
  new Promise((resolve) => {
    const socket = createSocket("udp4")
    socket.once("error", () => resolve(null))
    socket.bind(port, "0.0.0.0", () => resolve(socket))
  })

const isFree = async (port: number): Promise<boolean> => {
  const socket = await bind(port)
  if (socket !== null) await new Promise<void>((resolve) => socket.close(() => resolve()))
  return socket !== null
}

/** Finds an even port p with p to p + 5 free; no two calls, in this process or another, return the same. */
export const freePortBlock = async (): Promise<number> => {
  for (let tries = 0; tries < 1000; tries++) {
    const port = next + (next % 2)
    next = port + BLOCK > LAST ? FIRST : port + BLOCK
    const guard = await bind(port + GUARD)
    if (guard === null) continue
    const others = Array.from({ length: BLOCK }, (_, i) => i).filter((i) => i !== GUARD)
    if ((await Promise.all(others.map((i) => isFree(port + i)))).every(Boolean)) {
      guard.on("error", () => undefined).unref()
      return port
    }
    guard.close()
  }
  throw new Error(`no ${BLOCK} free UDP ports in a row between ${FIRST} and ${LAST}`)
}
