import { Effect, Option } from "effect"
import { serveHttp } from "./HttpServer.ts"
import { EngineUnavailable } from "../effects/Errors.ts"
import { fakeLeg, makeFakeDistributor } from "./testing/FakeDistributor.ts"
const base = makeFakeDistributor()
const d = { ...base, start: (ref: string) => ref.endsWith("4") ? new EngineUnavailable({ reason: "it is starting" }) : base.start(ref) }
const mk = (name: string, port: number, outs: Array<string>) => Effect.runSync(d.create({ name, rtp_port: port, backup_rtp_ip: "10.0.0.2", backup_rtp_port: port+100, outputs: outs.map(url => ({ url })) }))
const a = mk("Main event", 5000, ["srt://cdn.example.com:9000?streamid=publish/stream1&latency=200", "udp://239.1.1.1:5000?ttl=4"])
const show = () => d.show("1", { status: "running", uptime: 93784 + Math.floor(performance.now()/1000), outputs: a.outputs.map((o, i) => ({ ...o, status: i ? "retrying" as const : "connected" as const, uptime: 4000, bitrate: 8020000, last_error: i ? "connection refused by 239.1.1.1:5000 (ECONNREFUSED)" : null, next_retry_at: i ? new Date(Date.now() + 8000).toISOString() : null, packets_dropped: i ? 12 : 0 })) })
show(); setInterval(show, 1000)
mk("Second <script>alert(1)</script>", 5001, [])
mk("Third", 5002, ["srt://:9000?mode=listener&passphrase=secret12345"]); d.show("3", { status: "error", error: "no packets on 0.0.0.0:5002 for 10 s", input: { legs: [fakeLeg({ receiving: false, bitrate: 0, last_error: "no packets on 0.0.0.0:5002 for 10 s" })] } })
const port = Number(process.argv[2] ?? 0)
Effect.runPromiseExit(Effect.scoped(Effect.gen(function* () {
  yield* serveHttp({ host: "127.0.0.1", port, auth: true, apiKey: Option.none() }, d)
  yield* Effect.async<void>((r) => { process.once("SIGTERM", () => r(Effect.void)) })
}))).then((e) => { console.log("closed", e._tag); process.exit(0) })
