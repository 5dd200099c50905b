/** A way to a TCP server that can swallow everything, as a network does that is cut: nobody is told. */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

export class BlackholeLink {
  readonly port: number
  readonly #sockets: Set<Socket>
  readonly #state: { isCut: boolean }
  readonly #close: () => void

  private constructor(port: number, sockets: Set<Socket>, state: { isCut: boolean }, close: () => void) {
    this.port = port
    this.#sockets = sockets
    this.#state = state
    this.#close = close
  }

  /**
   * @param to port on 127.0.0.1
   * @param at address that it listens on
   */
  static async open(to: number, at = "127.0.0.1"): Promise<BlackholeLink> {
    const sockets = new Set<Socket>()
    const state = { isCut: false }
    const server = createServer((near) => {
      sockets.add(near)
      near.on("error", () => near.destroy())
      if (state.isCut) return
      const far = connect(to, "127.0.0.1")
      sockets.add(far)
      for (const [from, into] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on("data", (chunk) => void (state.isCut || into.write(chunk)))
        from.on("error", () => into.destroy())
        // The end of a connection is not heard over a cut either.
        from.on("close", () => void (state.isCut || into.destroy()))
        from.on("close", () => sockets.delete(from))
      }
    }).listen(0, at)
    await once(server, "listening")
    const address = server.address()
    if (address === null || typeof address === "string") throw new Error("no port")
    return new BlackholeLink(address.port, sockets, state, () => server.close())
  }

  cut(): void {
    this.#state.isCut = true
  }

  /** Lets through what comes from now on; connections that were cut are gone. */
  heal(): void {
    this.#state.isCut = false
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  close(): void {
    this.heal()
    this.#close()
  }
}
