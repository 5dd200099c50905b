// The systemd unit, its installer, the kernel settings and samples, as far as they can be checked without a booted
// systemd.
import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import { serviceEnvironment } from "../scripts/service-environment.mjs"
import { SETTINGS } from "../src/effects/config/environment-settings.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
/** Variables that the runtime and its libraries read, and the product does not. */
const OF_THE_RUNTIME = ["NODE_ENV", "BUN_RUNTIME_TRANSPILER_CACHE_PATH", ...Object.keys(serviceEnvironment)]
const unknownSettings = (names: ReadonlyArray<string>) =>
  names.filter((name) => !(name in SETTINGS) && !OF_THE_RUNTIME.includes(name))
const hasProgram = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0
const folders: string[] = []
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "deploy-"))
  folders.push(path)
  return path
}
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true })
})

describe("kernel settings and samples", () => {
  it("every sysctl is one of Linux, and buffers hold what sockets ask for", () => {
    const lines = read("deploy/sysctl/60-stream-distributor.conf")
      .split("\n")
      .filter((line) => /^[^#\s]/.test(line))
    const settings = new Map(lines.map((line) => line.split(/\s*=\s*/) as [string, string]))
    const missing = [...settings.keys()].filter((name) => !existsSync(`/proc/sys/${name.replaceAll(".", "/")}`))
    expect(missing).toEqual([])
    for (const name of ["net.core.rmem_max", "net.core.wmem_max"])
      expect(Number(settings.get(name))).toBeGreaterThanOrEqual(8 * 2 ** 20)
  })

  it("the sample of the environment has every setting that is for people to set", () => {
    const names = [...read("deploy/examples/environment").matchAll(/^#?([A-Z_]+)=/gm)].map(([, name = ""]) => name)
    // Whoever starts the service sets these variables. The keys that the service makes itself have their places in the
    // image and the compose file.
    const elsewhere = ["DATA_DIR", "FIRST_KEY_FILE", "METRICS_KEY_FILE"]
    expect([...names, ...elsewhere].sort()).toEqual(Object.keys(SETTINGS).sort())
  })
})

describe("deploy/systemd", () => {
  const unit = "deploy/systemd/stream-distributor.service"
  const install = (...args: ReadonlyArray<string>) =>
    execFileSync(join(root, "deploy/systemd/install.sh"), args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
  /** Lists what is below a folder, without the product's own files. */
  const tree = (path: string) =>
    readdirSync(path, { recursive: true })
      .map(String)
      .filter((name) => !/^opt\/stream-distributor\/.+/.test(name) && !statSync(join(path, name)).isDirectory())
      .sort()

  it("has the settings of npm start, and only the control plane is signalled", () => {
    const text = read(unit)
    const env = [...text.matchAll(/^Environment=(.*)$/gm)].flatMap(([, words = ""]) =>
      words.split(" ").map((word) => word.split("=")),
    )
    expect(Object.fromEntries(env)).toMatchObject({ ...serviceEnvironment, DATA_DIR: "/var/lib/stream-distributor" })
    expect(unknownSettings(env.map(([name = ""]) => name))).toEqual([])
    expect(text).toMatch(/^KillMode=process$/m)
    expect(text).toMatch(/^Restart=always$/m)
  })

  it.skipIf(!hasProgram("systemd-analyze"))("exposes little: 2.0 at most", () => {
    const text = execFileSync("systemd-analyze", ["security", "--offline=true", join(root, unit)], { encoding: "utf8" })
    expect(Number(/Overall exposure level.*: ([\d.]+)/.exec(text)?.[1])).toBeLessThanOrEqual(2)
  })

  it("installs, again, starts what it installed, keeps settings, and is uninstalled", async () => {
    const target = folder()
    install("--root", target)
    const first = tree(target)
    expect(first).toEqual([
      "etc/stream-distributor/environment",
      "etc/sysctl.d/60-stream-distributor.conf",
      "etc/systemd/system/multi-user.target.wants/stream-distributor.service",
      "etc/systemd/system/stream-distributor.service",
      "etc/sysusers.d/stream-distributor.conf",
      "usr/local/bin/distributor",
    ])
    execFileSync("sh", ["-c", 'echo LOG_LEVEL=debug >> "$0"', join(target, "etc/stream-distributor/environment")])
    install("--root", target)
    expect(tree(target)).toEqual(first)
    expect(readFileSync(join(target, "etc/stream-distributor/environment"), "utf8")).toMatch(/^LOG_LEVEL=debug$/m)
    expect(statSync(join(target, "etc/stream-distributor/environment")).mode & 0o777).toBe(0o600)

    // Checks the installed unit among the units of this machine, because it names some of them.
    if (hasProgram("systemd-analyze")) {
      cpSync("/usr/lib/systemd/system", join(target, "usr/lib/systemd/system"), {
        recursive: true,
        verbatimSymlinks: true,
      })
      const verified = spawnSync("systemd-analyze", ["verify", `--root=${target}`, "stream-distributor.service"], {
        encoding: "utf8",
      })
      expect([verified.status, verified.stderr]).toEqual([0, ""])
    }

    const app = join(target, "opt/stream-distributor")
    const said = spawnSync(join(app, "bin/bun"), [join(app, "src/main.ts")], {
      cwd: app,
      env: { PATH: process.env["PATH"] ?? "", DATA_DIR: folder(), HOST: "0.0.0.0", PORT: "0" },
      encoding: "utf8",
      timeout: 20_000,
    })
    // The service starts, reads its settings and refuses them: as installed, it has no key for an open address.
    expect([said.status, said.stderr]).toEqual([1, expect.stringMatching(/API_KEY/)])

    install("--uninstall", "--root", target)
    expect(tree(target).filter((name) => !name.startsWith("usr/lib/"))).toEqual(["etc/stream-distributor/environment"])
    install("--uninstall", "--purge", "--root", target)
    expect(tree(target).filter((name) => !name.startsWith("usr/lib/"))).toEqual([])
  })

  it("refuses what it does not know", () => {
    expect(() => install("--rot", "/tmp")).toThrow(/usage/)
  })
})
