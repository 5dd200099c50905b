/**
 * Real RTMP servers for outputs: nginx with its RTMP module, which records what it gets, and fronts that stand before
 * it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createServer as createTlsServer } from "node:tls"
import { freeTcpPort } from "./ports.ts"
import { eventually } from "./product.ts"

const MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"
const NGINX = existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx"

export class NginxRtmp {
  readonly port: number
  readonly #folder: string
  readonly #child: ChildProcess
  log = ""

  private constructor(port: number, folder: string) {
    this.port = port
    this.#folder = folder
    this.#child = spawn(NGINX, ["-p", folder, "-c", join(folder, "nginx.conf")], {
      stdio: ["ignore", "ignore", "pipe"],
    })
    this.#child.stderr?.on("data", (chunk) => (this.log += String(chunk)))
  }

  /**
   * Starts nginx. Of its applications, `live` records everything, `closed` lets nobody publish, and `guarded` asks
   * `askPort` (HTTP) who may.
   */
  static async start(askPort = 9): Promise<NginxRtmp> {
    const folder = mkdtempSync(join(tmpdir(), "nginx-rtmp-"))
    const port = await freeTcpPort()
    const record = `live on; record all; record_path ${folder}; record_suffix .flv; record_unique on;`
    writeFileSync(
      join(folder, "nginx.conf"),
      `load_module ${MODULE}; user root; daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr info;
events { worker_connections 256; }
rtmp { server { listen 127.0.0.1:${port}; chunk_size 4096; max_message 16M;
  application live { ${record} } application closed { live on; deny publish all; }
  application guarded { live on; on_publish http://127.0.0.1:${askPort}/publish; on_publish_done http://127.0.0.1:${askPort}/done; } } }`,
    )
    const server = new NginxRtmp(port, folder)
    await eventually(`nginx listens (${server.log})`, () => reachable(port))
    return server
  }

  /** The recordings of a stream, oldest publication first. */
  recordings(stream: string): Buffer[] {
    return readdirSync(this.#folder)
      .filter((name) => name.startsWith(`${stream}-`) && name.endsWith(".flv"))
      .sort()
      .map((name) => readFileSync(join(this.#folder, name)))
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve))
    this.#child.kill("SIGTERM")
    await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const reachable = (port: number): Promise<true | null> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(null))
  })

/**
 * Hands TCP connections on to another port. It can stop reading for a while, or cut all connections; with a certificate
 * it speaks TLS.
 */
export class TcpFront {
  readonly port: number
  readonly #server: Server
  readonly #pairs = new Map<Socket, Socket>()
  #paused = false
  /** The SNI of each connection so far. */
  names: string[] = []
  connections = 0

  private constructor(port: number, server: Server) {
    this.port = port
    this.#server = server
  }

  static async start(target: number, certificate?: { readonly cert: string; readonly key: string }): Promise<TcpFront> {
    const port = await freeTcpPort()
    const accept = (client: Socket) => front.#accept(client, target)
    const server = certificate === undefined ? createServer(accept) : createTlsServer(certificate, accept)
    const front = new TcpFront(port, server)
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
    return front
  }

  #accept(client: Socket, target: number): void {
    this.connections++
    if ("servername" in client) this.names.push(String(client.servername))
    const server = connect(target, "127.0.0.1")
    this.#pairs.set(client, server)
    client.pipe(server).pipe(client)
    if (this.#paused) this.#pause(client)
    for (const socket of [client, server]) {
      socket.on("error", () => undefined)
      socket.on("close", () => {
        this.#pairs.delete(client)
        client.destroy()
        server.destroy()
      })
    }
  }

  #pause(client: Socket): void {
    client.unpipe()
    client.pause()
  }

  /** Stops reading from clients: their TCP windows close. */
  stall(): void {
    this.#paused = true
    for (const client of this.#pairs.keys()) this.#pause(client)
  }

  /** Reads on where it had stopped. */
  resume(): void {
    this.#paused = false
    for (const [client, server] of this.#pairs) client.pipe(server)
  }

  /** Ends all connections; new ones are served. */
  cut(): void {
    this.#paused = false
    for (const client of this.#pairs.keys()) client.destroy()
  }

  stop(): void {
    for (const client of this.#pairs.keys()) client.destroy()
    this.#server.close()
  }
}
