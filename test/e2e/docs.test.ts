// Runs every `sh` block of the pages for operators as written, one after the other, in a network of its own, so that
// ports and addresses are those of the page.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { selfSigned } from "./certificates.ts"
import { blocksOf, type DocBlock, numberOf } from "./docs-blocks.ts"
import { NetNamespace } from "./net-namespace.ts"
import { eventually } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
/** Pages in the order in which somebody reads them: the first one starts the service that the others use. */
const PAGES = ["quick-start", "deployment", "examples", "troubleshooting", "upgrade", "backup", "dashboards"]
/** A request that fails ends the block, as a person would stop there. */
const PRELUDE =
  'set -euo pipefail; curl() { command curl --silent --show-error --fail-with-body --max-time 60 "$@"; }; '
/** npm takes a second to find the program that its `bin` names, so only one page shows that it does. */
const WITHOUT_NPX = 'npx() { shift; node scripts/distributor.mjs "$@"; }; '
const WITH_NPX = "troubleshooting"
const unavailable = NetNamespace.unavailable()
/** PATH without the folder in which Bun puts itself in front as `node`. */
const PATH = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((entry) => !entry.includes("bun-node"))
  .join(delimiter)

interface Stage {
  readonly network: NetNamespace
  /** A copy of the checkout by links, with a data directory of its own. */
  readonly folder: string
  readonly background: ChildProcess[]
}
let stage: Stage | null = null

const open = (): Stage => {
  const folder = mkdtempSync(join(tmpdir(), "docs-"))
  for (const name of readdirSync(root))
    if (!["config", ".env", ".git"].includes(name)) symlinkSync(join(root, name), join(folder, name))
  return { network: NetNamespace.empty(), folder, background: [] }
}

const begin = ({ background, folder, network }: Stage, text: string, env: Record<string, string>): ChildProcess => {
  const [ip = "", ...words] = network.exec
  const child = spawn(ip, [...words, "bash", "-c", text], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  })
  background.push(child)
  return child
}

/** The environment of a user's shell, with none of the settings that this process may have. */
const environment = (): Record<string, string> => ({
  PATH,
  HOME: tmpdir(),
  LANG: "C.UTF-8",
  API_KEY: "",
  npm_config_update_notifier: "false",
})

const run = (
  { folder, network }: Stage,
  text: string,
  prelude = PRELUDE,
): { readonly code: number | null; readonly output: string } => {
  const [ip = "", ...words] = network.exec
  const { status, stderr, stdout } = spawnSync(ip, [...words, "bash", "-c", prelude + text], {
    cwd: folder,
    env: environment(),
    encoding: "utf8",
    timeout: 180_000,
  })
  return { code: status, output: `${stdout}${stderr}` }
}

/** Ends a process with everything in its session; the service gets the time that it takes to end its engine. */
const end = async (child: ChildProcess): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once("exit", resolve))
  process.kill(-child.pid, "SIGTERM")
  await gone
}

const carryOut = (at: Stage, page: string, block: DocBlock): void => {
  if (block.flags.has("background")) return void begin(at, `exec ${block.text}`, environment())
  const { code, output } = run(at, block.text, page === WITH_NPX ? PRELUDE : PRELUDE + WITHOUT_NPX)
  const status = numberOf(block, "status")
  const wanted = status === null ? (numberOf(block, "exit") ?? 0) : 22
  expect({ code, output: code === wanted ? "" : output }, block.text).toEqual({ code: wanted, output: "" })
  if (status !== null) expect(JSON.parse(output.slice(0, output.lastIndexOf("}") + 1))).toMatchObject({ status })
}

describe.skipIf(unavailable !== null)("the commands of the pages", () => {
  beforeAll(() => {
    stage = open()
  })
  afterAll(async () => {
    for (const child of stage?.background ?? []) await end(child)
    stage?.network.close()
    if (stage !== null) rmSync(stage.folder, { recursive: true, force: true })
  })

  it.each(PAGES)("%s.md", (page) => {
    const at = stage
    if (at === null) throw new Error("there is no network")
    const blocks = blocksOf(join(root, "docs", `${page}.md`)).filter(
      ({ flags, language }) => language === "sh" && !flags.has("elsewhere"),
    )
    expect(blocks.length).toBeGreaterThan(0)
    // Pages after the first begin with the demo and one channel, as a reader may have.
    if (page !== "quick-start") run(at, DEMO_AGAIN)
    for (const block of blocks) carryOut(at, page, block)
  })

  it("nginx, as deployment.md has it, passes pages, WebSockets and uploads on", async () => {
    const at = stage
    if (at === null) throw new Error("there is no network")
    const server =
      blocksOf(join(root, "docs", "deployment.md")).find(({ language }) => language === "nginx")?.text ?? ""
    const pair = selfSigned()
    const folder = join(at.folder, "nginx")
    mkdirSync(folder)
    writeFileSync(join(folder, "fullchain.pem"), pair.cert)
    writeFileSync(join(folder, "privkey.pem"), pair.key)
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join(" ")
    const text = server.replaceAll("/etc/ssl/distributor", folder)
    writeFileSync(
      join(folder, "nginx.conf"),
      `pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${temporary}\n${text}\n}`,
    )
    const nginx = begin(
      at,
      `exec /usr/sbin/nginx -c ${folder}/nginx.conf -g 'daemon off; master_process off;'`,
      environment(),
    )
    let said = ""
    nginx.stderr?.on("data", (chunk) => (said += String(chunk)))
    await eventually(
      "nginx answers",
      () => {
        if (nginx.exitCode !== null) throw new Error(said)
        return run(at, "curl -k https://127.0.0.1/readyz").code === 0 ? true : null
      },
      15_000,
    )
    expect(run(at, "curl -k https://127.0.0.1/").output).toContain("</html>")
    const upgrade =
      "-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=='"
    const socket = run(
      at,
      `command curl -sk -i -N --http1.1 --max-time 3 -H 'Origin: https://127.0.0.1' ${upgrade} https://127.0.0.1/ws || true`,
    )
    expect(socket.output).toMatch(/^HTTP\/1\.1 101[\s\S]*"channels":/)
    const foreign = run(
      at,
      `command curl -sk -i --http1.1 --max-time 3 -H 'Origin: https://evil.example' ${upgrade} https://127.0.0.1/ws || true`,
    )
    expect(foreign.output).toMatch(/^HTTP\/1\.1 403/)
    const body =
      "-H 'Content-Type: application/json' -H 'Origin: https://127.0.0.1' -d '{\"cue\": \"/DAlAAAAAAAAAP/wFAUAABJnf+/+AA27oP4AKTLgAAAAAAAAhw2h+w==\"}'"
    expect(run(at, `curl -k ${body} https://127.0.0.1/api/scte35/decode`).code).toBe(0)
  })
})

/** Brings the demo back: quick-start.md ends without it, and later pages expect a channel "demo" that runs. */
const DEMO_AGAIN = `
curl http://127.0.0.1:8000/api/channels/demo > /dev/null 2>&1 || {
  curl http://127.0.0.1:8000/api/channels -H 'Content-Type: application/json' -d '{"name": "Demo", "rtp_ip": "127.0.0.1", "rtp_port": 5000, "outputs": [{"url": "srt://127.0.0.1:9000?mode=listener"}]}'
  curl -X POST http://127.0.0.1:8000/api/channels/demo/start
}`
