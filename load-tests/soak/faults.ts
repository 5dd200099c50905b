/** What a soak does to the product while it runs. */

import { type Random, seededRandom } from "../../src/core/scte35/testing/fuzz-decoder.ts"
import { eventually } from "../../test/e2e/product.ts"
import { fill, free } from "../../test/e2e/small-disk.ts"
import { createSrtSink } from "../lib/srt-sink.ts"
import type { SoakOptions } from "./options.ts"
import type { Stage } from "./stage.ts"
import type { Watch } from "./watch.ts"

const DISK_FULL_MS = 15_000
const POSTGRES_AWAY_MS = 20_000
const POSTGRES_FOUND_MS = 30_000
const NAMES_AWAY_MS = 15_000
/** Behind failed attempts an output waits up to 30 s for its next one. */
const NAMES_FOUND_MS = 45_000
const CLOCK_AWAY_MS = 8000
const HOUR_S = 3600
const GUEST_MS = 6000
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export class Faults {
  readonly #stage: Stage
  readonly #watch: Watch
  readonly #random: Random
  /** A guest leaves before the next one comes. */
  readonly #guestMs: number
  #changes = 0
  #added: { readonly channel: string; readonly output: string } | null = null
  enginePid = 0
  /** True while the control plane is being killed and started again. */
  restarting = false

  constructor(stage: Stage, watch: Watch, { hurry, seed }: Pick<SoakOptions, "hurry" | "seed">) {
    this.#stage = stage
    this.#watch = watch
    this.#random = seededRandom(seed)
    this.#guestMs = GUEST_MS / hurry
  }

  /** Kills the control plane, and starts another one in its place, which must find the engine as it is. */
  async killControl(): Promise<void> {
    this.restarting = true
    this.#watch.note("control plane killed")
    try {
      await this.#stage.product.kill("SIGKILL")
      this.#stage.product = await this.#stage.startProduct()
      const pid = await this.#stage.product.enginePid()
      if (pid !== this.enginePid)
        this.#watch.fail(`the new control plane took engine ${pid} in the place of ${this.enginePid}`)
      this.enginePid = pid
    } catch (cause) {
      this.#watch.fail(`the control plane did not start again: ${String(cause).slice(0, 600)}`)
    } finally {
      this.restarting = false
    }
  }

  async killEngine(): Promise<void> {
    const old = this.enginePid
    this.#watch.note("engine killed")
    process.kill(old, "SIGKILL")
    for (let attempt = 0; attempt < 100; attempt++) {
      await sleep(200)
      const pid = await this.#stage.product.health().then(
        ({ engine }) => engine.pid,
        () => null,
      )
      if (pid === null || pid === old) continue
      this.enginePid = pid
      await this.#stage.product.enginePid()
      return
    }
    this.#watch.fail("no engine came in the place of the killed one within 20 s")
  }

  async fillDisk(): Promise<void> {
    const { disk } = this.#stage.machine
    if (disk === null) return
    this.#watch.note("disk filled")
    fill(disk.path)
    await sleep(DISK_FULL_MS)
    free(disk.path)
    this.#watch.note("disk filled")
  }

  /** PostgreSQL is gone as by a power cut, and comes back. */
  async stopPostgres(): Promise<void> {
    const { postgres } = this.#stage
    if (postgres === null) return
    this.#watch.note("PostgreSQL stopped")
    await postgres.kill()
    await sleep(POSTGRES_AWAY_MS)
    await postgres.start()
    await eventually(
      "the service finds its store again",
      async () => ((await this.#stage.product.health()).store.ok ? true : null),
      POSTGRES_FOUND_MS,
    ).catch(() => this.#watch.fail("PostgreSQL is back for 30 s, and the service has not found it"))
  }

  /** The wall clock is set an hour ahead, an hour back, and right. */
  async stepClock(): Promise<void> {
    const { machine, product } = this.#stage
    const { setClock } = machine
    if (setClock === null) return
    for (const aheadS of [HOUR_S, -HOUR_S, 0]) {
      this.#watch.note("clock set")
      setClock(aheadS)
      await sleep(CLOCK_AWAY_MS)
      const answer = await fetch(`${product.url}/livez`).catch(() => null)
      const toldMs = Date.parse(answer?.headers.get("date") ?? "")
      if (Math.abs(toldMs - Date.now() - aheadS * 1000) > CLOCK_AWAY_MS && !this.restarting)
        this.#watch.fail(
          `the clock was set ahead by ${aheadS} s, and the service says ${new Date(toldMs).toISOString()}`,
        )
    }
  }

  /** Names cannot be resolved for a while: what lives goes on, and a new output waits for its name and then finds it. */
  async loseNames(): Promise<void> {
    const { cueChannel, machine, ports, product } = this.#stage
    const { far, setNames } = machine
    if (setNames === null) return
    this.#watch.note("names lost")
    setNames(false)
    try {
      const body = { name: "by name", url: `udp://${far}:${ports.guest + 6}` }
      const added = await this.#ask("POST", `/api/channels/${cueChannel}/outputs`, body)
      if (added.status !== 201) return
      const path = this.#pathOf({ channel: cueChannel, output: added.body.id })
      const seen = async () => {
        const { outputs } = await product.view(cueChannel)
        return outputs.find(({ id }) => id === added.body.id)
      }
      await eventually(
        "an output says that its name cannot be resolved",
        async () => ((await seen())?.last_error?.includes(far) === true ? true : null),
        NAMES_AWAY_MS,
      )
      await sleep(NAMES_AWAY_MS)
      setNames(true)
      await eventually(
        "an output finds its name again",
        async () => ((await seen())?.status === "connected" ? true : null),
        NAMES_FOUND_MS,
      )
      await this.#ask("DELETE", path)
    } catch (cause) {
      this.#watch.fail(`names were lost: ${String(cause)}`)
    } finally {
      setNames(true)
    }
  }

  /** A receiver joins the listener of the cue channel, and leaves again. */
  async guest(): Promise<void> {
    const guest = createSrtSink({ mode: "caller", port: this.#stage.ports.guest, verify: "none", latencyMs: 200 })
    await sleep(this.#guestMs)
    guest.close()
    this.#watch.note("receiver came and went")
  }

  #pathOf({ channel, output }: { readonly channel: string; readonly output: string }): string {
    return `/api/channels/${channel}/outputs/${output}`
  }

  /** Asks the API; a refusal is a failure unless the store is known to be away. */
  async #ask(method: string, path: string, body?: unknown) {
    const answer = await this.#stage.product.api<{ id: string; detail?: string }>(method, path, body)
    // A store that cannot write is told so; what was asked of a control plane that was then killed is nobody's fault.
    const isStoreAway =
      this.#watch.lately("disk filled", DISK_FULL_MS / 1000 + 10) ||
      this.#watch.lately("PostgreSQL stopped", POSTGRES_AWAY_MS / 1000 + 30)
    const excused = answer.status === 503 && isStoreAway
    if (answer.status >= 400 && !excused)
      this.#watch.fail(`${method} ${path}: ${answer.status} ${answer.body?.detail ?? ""}`)
    return answer
  }

  /** One change of the configuration: an output is added, renamed, taken away; an input is set otherwise. */
  async change(): Promise<void> {
    if (this.restarting) return
    const { channels, ports } = this.#stage
    const chosen = channels[this.#random() % channels.length]
    if (chosen === undefined) return
    const channel = chosen.id
    const passing = (name: string) => ({ name, url: `udp://127.0.0.1:${ports.guest + 5}` })
    const turn = this.#changes++ % 4
    try {
      if (turn === 0) {
        const added = await this.#ask("POST", `/api/channels/${channel}/outputs`, passing("passing"))
        if (added.status === 201) this.#added = { channel, output: added.body.id }
      } else if (turn === 1 && this.#added !== null)
        await this.#ask("PUT", this.#pathOf(this.#added), passing(`passing ${this.#changes}`))
      else if (turn === 2) {
        const input = { mode: "merge", reorder_ms: 50 + (this.#random() % 50) }
        await this.#ask("PUT", `/api/channels/${channel}`, { ...chosen.input, input })
      } else if (this.#added !== null && (await this.#ask("DELETE", this.#pathOf(this.#added))).status < 400)
        this.#added = null
      this.#watch.note("configuration changed")
    } catch (cause) {
      if (!this.restarting && !this.#watch.lately("control plane killed", 15))
        this.#watch.fail(`a change failed: ${String(cause)}`)
    }
  }
}
