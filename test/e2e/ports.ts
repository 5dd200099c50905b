/**
 * Finds ports that are free now on 127.0.0.1. They lie below those that the kernel gives out by itself and beside those
 * of udp-ports.ts. Each worker of the test runner has a range of its own: a port that is free when it is asked for must
 * not be somebody else's when it is used.
 */
import { createSocket } from "node:dgram"
import { createServer } from "node:net"

const FIRST = 10_240
const PER_WORKER = 950
const WORKERS = 10

/** Number of the worker. Two test runners at once count their workers apart, so one of them begins at a later range. */
const worker = Number(process.env["PORT_RANGES_FROM"] ?? 0) + Number(process.env["VITEST_POOL_ID"] ?? 0)
const first = FIRST + (worker % WORKERS) * PER_WORKER
let next = Math.floor(Math.random() * PER_WORKER)

const isFreeTcp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

const isFreeUdp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket("udp4")
    socket.once("error", () => resolve(false))
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => socket.close(() => resolve(true)))
  })

const free = async (isFree: (port: number) => Promise<boolean>): Promise<number> => {
  for (let attempt = 0; attempt < PER_WORKER; attempt++) {
    const port = first + (next++ % PER_WORKER)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port from ${first} to ${first + PER_WORKER - 1}`)
}

export const freeTcpPort = (): Promise<number> => free(isFreeTcp)
export const freeUdpPort = (): Promise<number> => free(isFreeUdp)
