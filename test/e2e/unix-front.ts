/** A unix socket in front of another one, which can be cut off: what lies behind it lives on and hears nothing. */
import { chmodSync, renameSync, rmSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"

export class UnixFront {
  readonly #server: Server
  readonly #behind: string
  readonly #pairs = new Map<Socket, Socket | null>()
  #open = true

  private constructor(server: Server, behind: string) {
    this.#server = server
    this.#behind = behind
  }

  /** Takes the place of the socket at `path`, which is moved aside. */
  static async before(path: string): Promise<UnixFront> {
    const behind = `${path}.behind`
    renameSync(path, behind)
    const front = new UnixFront(
      createServer((client) => front.#accept(client)),
      behind,
    )
    await new Promise<void>((resolve, reject) => {
      front.#server.once("error", reject)
      front.#server.listen(path, resolve)
    })
    chmodSync(path, 0o600)
    return front
  }

  #accept(client: Socket): void {
    this.#pairs.set(client, null)
    client.on("error", () => undefined)
    client.on("close", () => this.#drop(client))
    if (this.#open) this.#join(client)
  }

  #join(client: Socket): void {
    const server = connect(this.#behind)
    this.#pairs.set(client, server)
    server.on("error", () => undefined)
    server.on("close", () => this.#drop(client))
    client.pipe(server).pipe(client)
  }

  #drop(client: Socket): void {
    const server = this.#pairs.get(client)
    this.#pairs.delete(client)
    client.destroy()
    server?.destroy()
  }

  /** Ends every connection; new ones are accepted, but nothing comes through them. */
  cut(): void {
    this.#open = false
    for (const client of [...this.#pairs.keys()]) this.#drop(client)
  }

  /** Lets everything through, including what came while it was cut. */
  resume(): void {
    this.#open = true
    for (const [client, server] of this.#pairs) if (server === null) this.#join(client)
  }

  stop(): void {
    this.cut()
    this.#server.close()
    rmSync(this.#behind, { force: true })
  }
}
