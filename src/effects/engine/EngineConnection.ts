/**
 * One connection to the engine: NDJSON over its unix-domain socket. Requests are matched to their replies, events are
 * handed to a plain callback. Lines that are not messages are counted and dropped; a line above 4 MiB ends the
 * connection.
 */
import { createConnection, type Socket } from "node:net"
import { Deferred, Effect, FiberId, type Scope } from "effect"
import * as v from "valibot"
import { LineReader } from "../../engine/protocol/line-reader.ts"
import { type Command, Event, MAX_LINE_BYTES, Reply } from "../../engine/protocol/messages.ts"
import { startOf } from "../../engine/protocol/old-machine.ts"
import { EngineRefused, EngineUnavailable } from "../model/Errors.ts"

export type Accepted = Extract<Reply, { readonly ok: true }>

export interface EngineConnection {
  /**
   * Fails with `EngineUnavailable` after 5 s without a reply (a dry run: 25 s; a capture: 5 s after its end), or at once
   * when the connection ends.
   */
  readonly request: (command: Command) => Effect.Effect<Accepted, EngineUnavailable | EngineRefused>
  /** Completed when the connection has ended, with the reason. */
  readonly closed: Deferred.Deferred<string>
  /** Lines received so far, of any kind: a live engine writes at least one a second. */
  readonly lines: () => number
  /** Takes the number of lines that were not messages since the last call, and what was wrong with the last of them. */
  readonly takeGarbage: () => { readonly count: number; readonly last: string }
}

const REQUEST_TIMEOUT_MS = 5000
/** How long a dry run may take, in ms; the engine itself gives a destination 20 s. */
const TEST_TIMEOUT_MS = 25_000

const limitOf = (command: Command): number => {
  if (command.cmd === "test_output") return TEST_TIMEOUT_MS
  return REQUEST_TIMEOUT_MS + (command.cmd === "open_capture" ? command.seconds * 1000 : 0)
}

type Pending = Deferred.Deferred<Accepted, EngineUnavailable | EngineRefused>

const open = (path: string) =>
  Effect.async<Socket, EngineUnavailable>((resume) => {
    const socket = createConnection(path)
    socket.once("connect", () => resume(Effect.succeed(socket)))
    socket.once("error", (cause) => resume(new EngineUnavailable({ reason: cause.message })))
    return Effect.sync(() => socket.destroy())
  })

/** What a line of the engine says; of one that is no message, a sentence on what is wrong. Never throws. */
export const readMessage = (line: string): Event | Reply | string => {
  try {
    const json: unknown = JSON.parse(line)
    const isReply = typeof json === "object" && json !== null && "re" in json
    const parsed = v.safeParse(isReply ? Reply : Event, json)
    if (parsed.success) return parsed.output
    const issue = parsed.issues[0]
    return `${v.getDotPath(issue) ?? "message"}: ${issue.message}`
  } catch {
    return "not JSON"
  }
}

/** Connects to the engine; the scope closes the socket. `onEvent` must not throw or block. */
export const connectEngine = (
  path: string,
  onEvent: (event: Event) => void,
): Effect.Effect<EngineConnection, EngineUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const socket = yield* Effect.acquireRelease(open(path), (s) => Effect.sync(() => s.destroy()))
    const closed = Deferred.unsafeMake<string>(FiberId.none)
    const pending = new Map<number, Pending>()
    const reader = new LineReader(MAX_LINE_BYTES)
    let lines = 0
    let garbage = 0
    let lastGarbage = ""
    let nextId = startOf("numbers", 1)

    const end = (reason: string) => {
      Deferred.unsafeDone(closed, Effect.succeed(reason))
      for (const waiting of pending.values()) Deferred.unsafeDone(waiting, new EngineUnavailable({ reason }))
      pending.clear()
      socket.destroy()
    }
    const onReply = (reply: Reply) => {
      const waiting = pending.get(reply.re)
      if (waiting === undefined) return
      pending.delete(reply.re)
      const refused = (e: { code: string; message: string; transient: boolean }) =>
        new EngineRefused({ code: e.code, reason: e.message, transient: e.transient })
      Deferred.unsafeDone(waiting, reply.ok ? Effect.succeed(reply) : refused(reply.error))
    }
    socket.on("data", (chunk: Uint8Array) => {
      for (const line of reader.push(chunk)) {
        lines++
        const message = readMessage(line)
        if (typeof message === "string") {
          garbage++
          lastGarbage = message
        } else if ("re" in message) onReply(message)
        else onEvent(message)
      }
      if (reader.overflowed) end("it sent a line longer than 4 MiB")
    })
    socket.on("error", (cause) => end(cause.message))
    socket.on("close", () => end("the connection was closed"))

    const request: EngineConnection["request"] = (command) =>
      Effect.suspend(() => {
        if (socket.destroyed) return new EngineUnavailable({ reason: "the connection is closed" })
        const id = nextId++
        const reply: Pending = Deferred.unsafeMake(FiberId.none)
        pending.set(id, reply)
        socket.write(`${JSON.stringify({ ...command, id })}\n`)
        const limitMs = limitOf(command)
        // A plain timer: requests are made in finalizers too, where Effect's timeouts would wait for the reply.
        const timer = setTimeout(() => {
          Deferred.unsafeDone(
            reply,
            new EngineUnavailable({ reason: `no answer to ${command.cmd} within ${limitMs / 1000} s` }),
          )
        }, limitMs)
        return Effect.ensuring(
          Deferred.await(reply),
          Effect.sync(() => {
            clearTimeout(timer)
            pending.delete(id)
          }),
        )
      })

    return {
      request,
      closed,
      lines: () => lines,
      takeGarbage: () => {
        const taken = { count: garbage, last: lastGarbage }
        garbage = 0
        return taken
      },
    }
  })
