/**
 * The engine's side of the control socket: one control plane at a time, NDJSON both ways.
 *
 * A control plane that goes away, crashed or not, changes nothing for the streams. A second one is told who is
 * connected and turned away.
 */
import { chmodSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import * as v from "valibot"
import { LineReader } from "./protocol/line-reader.ts"
import {
  type Event,
  MAX_LINE_BYTES,
  type Outgoing,
  PROTOCOL_VERSION,
  type Reason,
  type Reply,
  Request,
} from "./protocol/messages.ts"

/** A control plane that does not read its statistics is cut off before they fill the memory; it connects again. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024

export interface ControlHandlers {
  /** What it throws is told by `fault`, and answered. */
  readonly handle: (request: Request) => Reply | Promise<Reply>
  readonly shutdown: () => void
  readonly log: (message: string) => void
  readonly fault: (what: string, cause: unknown) => Reason
}

const refusal = (re: number, code: string, message: string): Reply => ({
  re,
  ok: false,
  error: { code, message, transient: false } satisfies Reason,
})

export class ControlServer {
  readonly #handlers: ControlHandlers
  readonly #path: string
  readonly #server: Server
  #controller: { socket: Socket; pid: number } | null = null

  constructor(path: string, handlers: ControlHandlers) {
    this.#path = path
    this.#handlers = handlers
    this.#server = createServer((socket) => this.#accept(socket))
  }

  get connected(): boolean {
    return this.#controller !== null
  }

  /**
   * Resolves once listening; rejects when the path cannot be used. The caller has made sure that no other engine
   * answers there.
   */
  listen(): Promise<void> {
    rmSync(this.#path, { force: true })
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject)
      this.#server.listen(this.#path, () => {
        chmodSync(this.#path, 0o600)
        resolve()
      })
    })
  }

  emit(event: Event): void {
    const controller = this.#controller
    if (controller === null) return
    if (controller.socket.writableLength > MAX_UNSENT_BYTES) {
      this.#handlers.log(`the control plane (pid ${controller.pid}) does not read: disconnecting it`)
      controller.socket.destroy()
      return
    }
    this.#write(controller.socket, event)
  }

  #write(socket: Socket, message: Outgoing): void {
    if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`)
  }

  #accept(socket: Socket): void {
    const reader = new LineReader(MAX_LINE_BYTES)
    socket.on("data", (chunk) => {
      for (const line of reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) this.#line(socket, line)
      if (reader.overflowed) {
        this.#handlers.log("a control message is longer than 4 MiB: closing the connection")
        socket.destroy()
      }
    })
    socket.on("error", () => socket.destroy())
    socket.on("close", () => {
      if (this.#controller?.socket === socket) this.#controller = null
    })
  }

  #line(socket: Socket, line: string): void {
    let json: unknown
    try {
      json = JSON.parse(line)
    } catch {
      this.#write(socket, refusal(-1, "bad_request", "the message is not JSON"))
      return
    }
    const parsed = v.safeParse(Request, json)
    if (!parsed.success) {
      const id = typeof json === "object" && json !== null && "id" in json && typeof json.id === "number" ? json.id : -1
      const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "message"}: ${issue.message}`)
      this.#write(socket, refusal(id, "bad_request", problems.join("; ")))
    } else this.#request(socket, parsed.output)
  }

  #request(socket: Socket, request: Request): void {
    const refused = this.#refuse(socket, request)
    if (refused !== null) {
      this.#write(socket, refused)
      return
    }
    if (request.cmd === "hello") this.#controller = { socket, pid: request.pid }
    const failed = (cause: unknown): Reply => ({
      re: request.id,
      ok: false,
      error: this.#handlers.fault(request.cmd, cause),
    })
    try {
      const reply = this.#handlers.handle(request)
      if (reply instanceof Promise) void reply.catch(failed).then((late) => this.#write(socket, late))
      else this.#write(socket, reply)
    } catch (cause) {
      this.#write(socket, failed(cause))
    }
    if (request.cmd === "shutdown") socket.end(() => this.#handlers.shutdown())
  }

  /**
   * Why a request is not carried out, or null. Any peer may ask a forsaken engine to shut down, whatever its protocol.
   */
  #refuse(socket: Socket, request: Request): Reply | null {
    const other = this.#controller !== null && this.#controller.socket !== socket ? this.#controller : null
    if (other !== null)
      return refusal(request.id, "busy", `another control plane (pid ${other.pid}) is connected to this engine`)
    if (request.cmd === "hello" && request.protocol !== PROTOCOL_VERSION)
      return refusal(request.id, "protocol", `this engine speaks protocol ${PROTOCOL_VERSION}, not ${request.protocol}`)
    if (request.cmd !== "hello" && request.cmd !== "shutdown" && this.#controller === null)
      return refusal(request.id, "no_hello", "say hello first")
    return null
  }

  close(): void {
    this.#server.close()
    this.#controller?.socket.destroy()
    rmSync(this.#path, { force: true })
  }
}
