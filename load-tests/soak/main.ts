/**
 * `npm run soak -- --hours 8`: the product with everything that happens to it in months, in hours. Every output is
 * verified packet by packet. Prints one page, writes build/soak.txt and build/soak.json; ends with 1 when something is
 * wrong. See load-tests/README.md.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { abortAll, root } from "../bench/processes.ts"
import { Faults } from "./faults.ts"
import { judge } from "./judge.ts"
import { type SoakOptions, soakOptions } from "./options.ts"
import { soakPage } from "./print.ts"
import { PROGRESS_S, Progress } from "./progress.ts"
import { openStage, type Stage } from "./stage.ts"
import { Watch } from "./watch.ts"

/** After the start everything is given so long until it is verified. */
const SETTLE_S = 20
/** No engine and no disk is touched so long before the end, so that what a fault brings shows. */
const QUIET_END_S = 40
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Calls `act` every `seconds` until `ended`; one at a time. */
const every = async (seconds: number, ended: () => boolean, act: () => Promise<void>): Promise<void> => {
  if (seconds <= 0) return
  for (let next = performance.now() + seconds * 1000; !ended(); next += seconds * 1000) {
    while (performance.now() < next && !ended()) await sleep(Math.min(250, Math.max(1, next - performance.now())))
    if (!ended()) await act()
  }
}

/** A page that somebody leaves open: its WebSocket, opened again when it ends. */
const openPage = (stage: Stage, ended: () => boolean): void => {
  const open = () => {
    if (ended()) return
    const socket = new WebSocket(`${stage.product.url.replace("http", "ws")}/ws`)
    socket.onclose = () => setTimeout(open, 1000)
  }
  open()
}

/** What is looked at beside the outputs: the figures, a page, and the processes. */
const looks = (stage: Stage, watch: Watch, faults: Faults) => {
  const scrape = async () => {
    const answer = await fetch(`${stage.product.url}/metrics`, { signal: AbortSignal.timeout(10_000) }).catch(
      () => null,
    )
    if (answer?.status === 200) watch.scrape(await answer.text())
    else if (!faults.restarting && !watch.lately("control plane killed", 15))
      watch.fail("a scrape of /metrics was not answered")
  }
  const page = async () => {
    const answer = await fetch(`${stage.product.url}/`, { signal: AbortSignal.timeout(10_000) }).catch(() => null)
    await answer?.text()
    if (answer?.status !== 200 && !faults.restarting && !watch.lately("control plane killed", 15))
      watch.fail("the page was not answered")
  }
  const sample = async () => {
    const pid = stage.product.child.pid ?? 0
    const { exitCode, signalCode } = stage.product.child
    if (!faults.restarting && exitCode !== null)
      watch.deaths.push({ at: watch.now, what: `the control plane (${exitCode ?? signalCode})` })
    const engine = faults.restarting
      ? null
      : await stage.product.health().then(
          (health) => health.engine.pid,
          () => null,
        )
    if (engine !== null && engine !== faults.enginePid && !watch.lately("engine killed", 30)) {
      watch.deaths.push({ at: watch.now, what: "the engine" })
      faults.enginePid = engine
    }
    watch.sample([
      { role: "engine", pid: faults.enginePid },
      { role: "control plane", pid },
    ])
  }
  return { page, sample, scrape }
}

/** Faults that this machine does not allow, with the reason. */
const leftOutOf = ({ machine }: Stage): ReadonlyArray<string> => [
  ...(machine.disk === null ? ["disk filled (no mount namespace)"] : []),
  ...(machine.setNames === null ? ["names lost (no mount namespace)"] : []),
  ...(machine.setClock === null ? ["clock set (no libfaketime: apt-get install libfaketime)"] : []),
]

const run = async (options: SoakOptions, folder: string) => {
  const stage = await openStage(options, folder)
  await sleep(SETTLE_S * 1000)
  await stage.sink.reset()
  await stage.cueSink.reset()
  const before = await stage.network.report()
  const watch = new Watch(stage)
  const faults = new Faults(stage, watch, options)
  faults.enginePid = await stage.product.enginePid()
  const over = () => watch.now >= options.seconds
  const quiet = () => watch.now >= options.seconds - QUIET_END_S
  const progress = new Progress(stage, watch)
  const often = (seconds: number) => seconds / options.hurry
  openPage(stage, over)

  const { page, sample, scrape } = looks(stage, watch, faults)
  // Kills have one queue: both at once leave nobody to say what was lost.
  let kills = Promise.resolve()
  const inTurn = (act: () => Promise<void>) => () => {
    kills = kills.then(act)
    return kills
  }
  await Promise.all([
    every(1, over, () => watch.look()),
    every(often(1), over, scrape),
    every(often(5), over, page),
    every(5, over, sample),
    every(often(10), over, () => faults.change()),
    every(often(9), quiet, () => faults.guest()),
    every(PROGRESS_S, over, () => progress.look()),
    every(30, over, async () => watch.readFiles()),
    every(
      options.killControlS,
      quiet,
      inTurn(() => faults.killControl()),
    ),
    every(
      options.killEngineS,
      quiet,
      inTurn(() => faults.killEngine()),
    ),
    every(
      options.stopPostgresS ?? 0,
      quiet,
      inTurn(() => faults.stopPostgres()),
    ),
    every(
      options.loseNamesS,
      quiet,
      inTurn(() => faults.loseNames()),
    ),
    every(options.stepClockS, quiet, () => faults.stepClock()),
    every(options.fillDiskS, quiet, () => faults.fillDisk()),
  ])
  await watch.look()
  const { forwarded, late, lost, missed, relayLost } = await stage.network.report()
  watch.ownLosses -= before.missed + before.late
  await stage.stop()
  watch.readFiles(true)
  const network = `${forwarded} datagrams to both legs, ${lost} lost on one of them, ${missed - before.missed} never came, ${late - before.late} went out late; ${relayLost} lost before SRT receivers`
  return { record: watch.record(), network, leftOut: leftOutOf(stage) }
}

const options = soakOptions()
const folder = mkdtempSync(join(tmpdir(), "distributor-soak-"))
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.on(signal, () => {
    abortAll()
    process.exit(code)
  })
process.on("exit", abortAll)
const { leftOut, network, record } = await run(options, folder)
const verdict = judge(record)
const text = soakPage(options, record, verdict, { network, leftOut })
process.stdout.write(text)
mkdirSync(join(root, "build"), { recursive: true })
writeFileSync(join(root, "build", "soak.txt"), text)
writeFileSync(join(root, "build", "soak.json"), JSON.stringify({ options, verdict, network }, null, 2))
rmSync(folder, { recursive: true, force: true })
process.exit(verdict.holds ? 0 : 1)
