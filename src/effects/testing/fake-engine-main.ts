// An engine of few words, as a process: says hello, accepts every command, sends empty figures. `behaviour.json` in the
// data directory makes it misbehave: {protocol, build, crash, mute, garbage, busy, flood, poison};
// with `poison`, the id of a channel, it dies while it is at that channel.
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { join } from "node:path"
import { ownBuildId } from "../../engine/protocol/build-id.ts"
import { LineReader } from "../../engine/protocol/line-reader.ts"
import { engineSocketPath } from "../../engine/protocol/socket-path.ts"
import { engineStats, fakeInfo } from "./FakeEngine.ts"

const dataDir = process.argv[process.argv.indexOf("--data-dir") + 1] ?? ""
const behaviourFile = join(dataDir, "behaviour.json")
const behaviour = existsSync(behaviourFile) ? JSON.parse(readFileSync(behaviourFile, "utf8")) : {}
const path = engineSocketPath(dataDir)
const note = (line: string) => appendFileSync(join(dataDir, "commands.log"), `${line}\n`)

if (behaviour.crash === true) {
  process.stderr.write("cannot allocate the packet memory\n")
  process.exit(3)
}

const say = (socket: Socket, message: unknown) => socket.destroyed || socket.write(`${JSON.stringify(message)}\n`)

const handling =
  behaviour.poison === undefined ? null : new (await import("../../engine/system/handling.ts")).Handling(true)

const answer = (socket: Socket, request: { id: number; cmd: string; channel?: { id: string } }) => {
  const { cmd, id } = request
  note(cmd)
  if (handling !== null && request.channel?.id === behaviour.poison) {
    handling.name(3, behaviour.poison)
    handling.begin(3, 1)
    process.stderr.write("this stream is too much\n")
    process.exit(7)
  }
  if (cmd === "hello" && behaviour.busy === true) {
    say(socket, {
      re: id,
      ok: false,
      error: { code: "busy", message: "another control plane (pid 99) is connected to this engine", transient: false },
    })
    return
  }
  if (cmd === "hello" && behaviour.protocol !== undefined) {
    say(socket, {
      re: id,
      ok: false,
      error: { code: "protocol", message: "this engine speaks protocol 7", transient: false },
    })
    return
  }
  if (cmd === "state" && behaviour.flood === true) socket.write(Buffer.alloc(5 * 1024 * 1024, "x"))
  const info =
    cmd === "hello"
      ? {
          info: {
            ...fakeInfo,
            pid: process.pid,
            build: behaviour.build ?? ownBuildId(),
            handling_fd: handling?.fd ?? null,
          },
        }
      : {}
  say(socket, { re: id, ok: true, ...info, stats: engineStats([], Date.now()) })
  if (cmd === "shutdown") {
    rmSync(path, { force: true })
    socket.end(() => process.exit(0))
  }
}

rmSync(path, { force: true })
createServer((socket) => {
  const reader = new LineReader(65536)
  socket.on("error", () => socket.destroy())
  socket.on("data", (chunk) => {
    for (const line of reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk))
      answer(socket, JSON.parse(line))
  })
  const timer = setInterval(() => {
    if (behaviour.mute === true) return
    if (behaviour.garbage === true) socket.write('{"event":"stats"}\nnot json\n{"re":"x"}\n')
    say(socket, { event: "stats", stats: engineStats([], Date.now()) })
  }, 50)
  socket.on("close", () => clearInterval(timer))
}).listen(path)
// Nothing of a test may outlive it for long.
setTimeout(() => process.exit(0), 60_000)
