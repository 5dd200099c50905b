/**
 * A real PostgreSQL server of a test's own: a cluster in a temporary directory, on a free port of 127.0.0.1, gone with
 * the test.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import pg from "pg"
import { keyFileOf } from "./store-at.ts"

const PASSWORD = "pa55:w@rd"
const ROOT = "/usr/lib/postgresql"

export interface PostgresServer {
  /** A new, empty database; its URL with the password. */
  readonly createDatabase: () => Promise<string>
  /** Ends the server at once, as a power cut would. */
  readonly kill: () => Promise<void>
  /** Starts it again, on the same port with the same databases. */
  readonly start: () => Promise<void>
  /** Ends it and removes its files. */
  readonly end: () => Promise<void>
}

/** Runs statements beside the store. */
export const executePostgres = async (
  url: string,
  statements: string,
): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(statements)
    return rows
  } finally {
    await client.end()
  }
}

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

const program = (name: string) => {
  const versions = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a))
  const [newest] = versions
  if (newest === undefined) throw new Error(`there is no PostgreSQL below ${ROOT}: install the package postgresql`)
  return join(ROOT, newest, "bin", name)
}

/** PostgreSQL refuses to run as root. */
const asPostgres = process.getuid?.() === 0 ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []

const isReady = (child: ChildProcess) =>
  new Promise<void>((resolve, reject) => {
    let said = ""
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000)
      if (said.includes("database system is ready to accept connections")) resolve()
    })
    child.once("exit", () => reject(new Error(`PostgreSQL has ended: ${said}`)))
  })

/** Gives a folder and all in it to the user who runs PostgreSQL. */
const own = (folder: string) => {
  if (asPostgres.length > 0) execFileSync("chown", ["-R", "postgres:postgres", folder])
}

/**
 * The folder of a cluster that no server has used, to be copied: made once for each version of PostgreSQL, since making
 * it takes longer than the tests of a file. Files that run at the same time may both make it; the first one stays.
 */
const newCluster = (): string => {
  const version = program("initdb").split("/").at(-3)
  const cluster = fileURLToPath(new URL(`../../../build/postgres-${version}`, import.meta.url))
  if (existsSync(cluster)) return cluster
  const directory = mkdtempSync(join(tmpdir(), "distributor-initdb-"))
  const passwordFile = join(directory, "password")
  writeFileSync(passwordFile, PASSWORD)
  own(directory)
  const data = join(directory, "data")
  const init = [
    "-D",
    data,
    "-U",
    "tester",
    "-A",
    "scram-sha-256",
    `--pwfile=${passwordFile}`,
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ]
  execFileSync("setpriv", [...asPostgres, program("initdb"), ...init], {
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
  })
  // Under its name only when it is whole.
  const whole = `${cluster}-${process.pid}`
  cpSync(data, whole, { recursive: true })
  rmSync(directory, { recursive: true, force: true })
  try {
    renameSync(whole, cluster)
  } catch {
    rmSync(whole, { recursive: true, force: true })
  }
  return cluster
}

export const startPostgres = async (): Promise<PostgresServer> => {
  const directory = mkdtempSync(join(tmpdir(), "distributor-postgres-"))
  const data = join(directory, "data")
  cpSync(newCluster(), data, { recursive: true })
  own(directory)

  const port = await freePort()
  const urlOf = (database: string) => `postgres://tester:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`
  let child: ChildProcess | null = null
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    shared_buffers: "16MB",
    max_connections: 20,
  }
  const start = async () => {
    // The parent's death ends it too; SIGQUIT is PostgreSQL's immediate shutdown, that of all its processes.
    const args = [...asPostgres, "--pdeathsig=QUIT", program("postgres"), "-D", data]
    for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`)
    child = spawn("setpriv", args, { cwd: directory, stdio: ["ignore", "ignore", "pipe"] })
    await isReady(child)
  }
  const kill = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, "exit")
    child.kill("SIGQUIT")
    await gone
    child = null
  }
  await start()
  let databases = 0
  return {
    createDatabase: async () => {
      const name = `store_${++databases}`
      await executePostgres(urlOf("postgres"), `CREATE DATABASE ${name}`)
      return urlOf(name)
    },
    kill,
    start,
    end: async () => {
      await kill()
      rmSync(directory, { recursive: true, force: true })
      for (let n = 1; n <= databases; n++) rmSync(keyFileOf(urlOf(`store_${n}`)), { force: true })
    },
  }
}
