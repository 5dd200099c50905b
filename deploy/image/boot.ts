/**
 * Boots a whole systemd in a Debian root (systemd-nspawn) and does there what an operator does: installs the service,
 * restarts it, upgrades it to a newer commit while a sink counts packets, and removes it.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createUdpSink } from "../../load-tests/lib/udp-sink.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { startSource } from "../../test/e2e/source.ts"
import { shellIn } from "./build-stages.ts"
import { expectThat, until } from "./expect.ts"
import type { Answer } from "./running-image.ts"
import { HEADERS, isReady, KEY, ready, SERVICE_URL } from "./the-service.ts"

const PACKAGES = "systemd systemd-sysv dbus ca-certificates ffmpeg libsrt1.5-openssl"
/** An upgrade comes from so many commits before this one. */
const COMMITS_BACK = 5
const SERVICE = "stream-distributor"
const ENOUGH_PACKETS = 1500
const SOURCE_S = 240
const RUN_MS = 120_000

/** Why nothing can be booted here; null when it can. */
export const bootMissing = (): string | null =>
  spawnSync("systemd-nspawn", ["--version"]).status === 0 ? null : "not installed: apt-get install systemd-container"

const checkout = (root: string, folder: string, commit: string): void => {
  rmSync(folder, { recursive: true, force: true })
  execFileSync("git", ["clone", "--quiet", root, folder])
  execFileSync("git", ["checkout", "--quiet", commit], { cwd: folder })
  execFileSync("cp", ["-al", join(root, "node_modules"), folder])
  const lock = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex")
  // Nothing can be fetched where it is installed. The link to the stamp of this checkout must not be written through.
  const stamp = join(folder, "node_modules", ".setup-stamp")
  rmSync(stamp, { force: true })
  writeFileSync(stamp, lock)
  execFileSync(process.execPath, ["scripts/build-core.mjs"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] })
}

/** Makes the root that is booted and the two checkouts; needs the network. */
export const prepareBoot = (root: string, work: string, network: Readonly<Record<string, string>>): void => {
  const booted = join(work, "booted")
  rmSync(booted, { recursive: true, force: true })
  execFileSync("cp", ["-a", "--reflink=auto", join(work, "base"), booted])
  const policy = join(booted, "usr/sbin/policy-rc.d")
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 })
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", DEBIAN_FRONTEND: "noninteractive", ...network }
  shellIn(booted, "/", env, `apt-get update && apt-get install -y --no-install-recommends ${PACKAGES}`)
  rmSync(policy)
  checkout(root, join(work, "checkouts", "older"), `HEAD~${COMMITS_BACK}`)
  checkout(root, join(work, "checkouts", "newer"), "HEAD")
}

/** A systemd that runs in a namespace of its own. */
class Machine {
  readonly #nspawn
  readonly #ended: Promise<unknown>
  output = ""

  constructor(work: string) {
    this.#nspawn = spawn(
      "systemd-nspawn",
      [
        ...["--register=no", "--keep-unit", "--quiet", "--resolv-conf=off", "--boot"],
        ...[`--bind=${join(work, "checkouts")}:/checkouts`, `--directory=${join(work, "booted")}`],
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    )
    for (const stream of [this.#nspawn.stdout, this.#nspawn.stderr])
      stream.on("data", (chunk) => (this.output = (this.output + String(chunk)).slice(-20_000)))
    this.#ended = new Promise((resolve) => this.#nspawn.once("exit", resolve))
  }

  /** Process id of its first process: the one that is number 1 in a namespace below this one. */
  #leader(): string {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const below = /^NSpid:\s+\d+\s+1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
        if (below && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "systemd") return pid
      } catch {
        // It has ended meanwhile.
      }
    }
    throw new Error(`nothing has booted:\n${this.output}`)
  }

  /** Runs a command to its end. The sink goes on reading meanwhile: an installation takes longer than its buffer lasts. */
  async run(...command: ReadonlyArray<string>): Promise<Answer> {
    const words = ["--target", this.#leader(), "--all", "--", ...command]
    const child = spawn("nsenter", words, { stdio: ["ignore", "pipe", "pipe"], timeout: RUN_MS })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)))
    const [code] = (await once(child, "close")) as [number | null]
    return { code: code ?? -1, output: output.trim() }
  }

  async stop(): Promise<void> {
    try {
      process.kill(Number(this.#leader()), "SIGKILL")
    } catch {
      this.#nspawn.kill("SIGKILL")
    }
    await this.#ended
  }
}

const mainPid = async (machine: Machine) =>
  (await machine.run("systemctl", "show", "--property=MainPID", "--value", SERVICE)).output
const newProcess = (machine: Machine, before: string) =>
  until("systemd has started it again", async () => {
    const pid = await mainPid(machine)
    return pid !== "0" && pid !== before && (await isReady()) ? pid : null
  })

interface Counting {
  /** Packets that were lost until as many again have come, since the last time that this was asked. */
  readonly lost: () => Promise<number>
}

/** A channel that goes to a sink here. */
const startChannel = async (): Promise<Counting & { readonly close: () => Promise<void> }> => {
  const [sink, input] = [createUdpSink({ port: 0 }), await freeUdpPort()]
  const source = await startSource({ port: input, seconds: SOURCE_S })
  const body = {
    name: "Main Event",
    rtp_ip: "127.0.0.1",
    rtp_port: input,
    outputs: [{ url: `udp://127.0.0.1:${sink.port}` }],
  }
  const made = await fetch(`${SERVICE_URL}/api/channels`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify(body),
  })
  if (!made.ok) throw new Error(`FAILED: a channel is made: ${made.status} ${await made.text()}`)
  await fetch(`${SERVICE_URL}/api/channels/main-event/start`, { method: "POST", headers: HEADERS })
  let before = 0
  return {
    lost: async () => {
      const { received } = sink.stats()
      await sink.until((now) => now.received > received + ENOUGH_PACKETS, 60_000)
      const { lost } = sink.stats()
      const more = lost - before
      before = lost
      return more
    },
    close: async () => {
      await source.stop()
      sink.close()
    },
  }
}

const installs = async (
  machine: Machine,
  which: "older" | "newer",
  says: RegExp,
  ...args: ReadonlyArray<string>
): Promise<void> => {
  const { code, output } = await machine.run("sh", `/checkouts/${which}/deploy/systemd/install.sh`, ...args)
  expectThat(
    `install.sh of the ${which} commit ${args.join(" ")}: ${says.source}`,
    code === 0 && says.test(output),
    output,
  )
}

/** Throws at the first thing that does not hold. */
export const checkBoot = async (work: string): Promise<void> => {
  const booted = join(work, "booted")
  mkdirSync(join(booted, "etc", SERVICE), { recursive: true })
  writeFileSync(join(booted, "etc", SERVICE, "environment"), `API_KEY=${KEY}\n`, { mode: 0o600 })
  const machine = new Machine(work)
  try {
    const state = await until("systemd has booted", async () => {
      const { output } = await machine.run("systemctl", "is-system-running")
      return /running|degraded/.test(output) ? output : null
    })
    expectThat(`systemd has booted (${state})`, true)
    await installs(machine, "older", /installed and started/)
    await ready()
    const { output: user } = await machine.run("systemctl", "show", "--property=User", "--value", SERVICE)
    expectThat("it runs as a user of its own", user === SERVICE, user)
    const channel = await startChannel()
    const losesNone = async (what: string) => {
      const lost = await channel.lost()
      expectThat(what, lost === 0, `${lost} lost`)
    }
    try {
      await losesNone("a channel streams and loses nothing")

      const first = await mainPid(machine)
      await machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", SERVICE)
      const second = await newProcess(machine, first)
      await losesNone("a killed control plane is started again, and no packet is lost")

      await installs(machine, "newer", /upgraded; the engine goes on/)
      const third = await newProcess(machine, second)
      await losesNone("an upgrade loses no packet")

      await machine.run("systemctl", "restart", SERVICE)
      await newProcess(machine, third)
      const lost = await channel.lost()
      expectThat(
        `a restart, which ends the engine, too, loses ${lost} packets, and the channel is back by itself`,
        true,
      )
    } finally {
      await channel.close()
    }
    await installs(machine, "newer", /kept: .*--purge/, "--uninstall")
    const gone = async () =>
      !existsSync(join(booted, "opt", SERVICE)) &&
      (await machine.run("sh", "-c", "cat /proc/[0-9]*/cmdline | grep -qa '[e]ngine/main'")).code !== 0
    expectThat(
      "nothing of it is left but settings and data",
      (await gone()) && existsSync(join(booted, "var/lib", SERVICE)),
    )
    await installs(machine, "newer", /^$/, "--uninstall", "--purge")
    expectThat("nor they", !existsSync(join(booted, "var/lib", SERVICE)) && !existsSync(join(booted, "etc", SERVICE)))
  } catch (cause) {
    try {
      process.stdout.write(`${(await machine.run("journalctl", "--no-pager", "-n", "40")).output}\n`)
    } catch {
      process.stdout.write(machine.output)
    }
    throw cause
  } finally {
    await machine.stop()
  }
}
