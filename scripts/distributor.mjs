#!/usr/bin/env node
// Controls the service from the command line (`npx distributor apply channels.yaml`) through its REST API. Needs only
// Node. Exit codes: 0 for success or no difference, 1 for a failure, 2 when `diff` found differences
// or `doctor` something to do.
import { spawnSync } from "node:child_process"
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { loadEnvFiles } from "./dotenv.mjs"
import { Failure, makeClient } from "./service-client.mjs"

const USAGE = `usage: distributor COMMAND [options]

  diff FILE                what applying FILE would change (exit code 2 when something would)
  apply FILE               makes FILE (YAML or JSON) the configuration; what it does not name is removed
  export [FILE]            the configuration without its secrets, to FILE or standard output
  backup FILE              the configuration with its secrets; the file is readable by its owner alone
  restore FILE             applies a backup
  versions                 versions that are kept
  rollback N               applies version N
  doctor                   what this service's machine lacks, what that costs, and what to do; exit code 2 when something
  replace-engine [N]       replaces engine N (default 1) after an upgrade, which cuts its streams for about a second
  support [FILE]           everything that helps others to understand the service, without secrets, as a ZIP archive
  health                   exit code 0 when the service is ready, for health checks of containers

  --url URL                of the service; default $DISTRIBUTOR_URL, else this machine's by $PORT, $HOST and $TLS_CERT
  --api-key KEY            default $API_KEY, which other users of the machine do not see, else the content of $FIRST_KEY_FILE
  --format json|yaml       of export and backup; default by the name of the file, else yaml
  --dry-run                apply, restore, rollback: only say what would change
  --timeout SECONDS        default 90, for health 5

FILE may be - for standard input or output. Settings are those of the environment and of .env in the working directory,
as the service reads them.`

const VALUES = new Set(["--url", "--api-key", "--format", "--timeout"])
const SWITCHES = new Set(["--dry-run", "--help"])

/** Splits the command line into words and options, which are written `--name=value` or `--name value`. */
const readArguments = (words) => {
  const options = {}
  const rest = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index]
    const [name, ...value] = word.split("=")
    if (!word.startsWith("--")) rest.push(word)
    else if (SWITCHES.has(word)) options[word.slice(2)] = true
    else if (VALUES.has(name)) {
      const given = value.length > 0 ? value.join("=") : words[++index]
      if (given === undefined) throw new Failure(`${name} needs a value`)
      options[name.slice(2)] = given
    } else throw new Failure(`${name} is not known; distributor --help says what is`)
  }
  return { options, rest }
}

const isYaml = (file) => !/\.json$/i.test(file)

const readInput = (file) => {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8")
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error.code ?? error.message}`)
  }
}

/** Writes a file whole or not at all. Files that hold secrets get `mode` 0600. */
const writeOutput = (file, text, mode) => {
  if (file === undefined || file === "-") return void process.stdout.write(text)
  const partial = `${file}.${process.pid}.part`
  try {
    writeFileSync(partial, text, { mode })
    // The mode above applies to new files only, and the umask is subtracted from it.
    if (mode === 0o600) chmodSync(partial, mode)
    renameSync(partial, file)
  } catch (error) {
    rmSync(partial, { force: true })
    throw new Failure(`${file} cannot be written: ${error.code ?? error.message}`)
  }
}

/**
 * Warns when `git add .` would put a file with secrets into a repository. Stays silent without git and outside a
 * repository.
 */
const warnUnlessIgnored = (file) => {
  if (file === "-" || spawnSync("git", ["check-ignore", "--quiet", "--", file], { stdio: "ignore" }).status !== 1)
    return
  process.stderr.write(
    `distributor: ${file} holds secrets, and git does not ignore it: keep it out of the repository\n`,
  )
}

const SIGNS = { created: "+", updated: "~", removed: "-" }
const show = (value) => (value === null ? "none" : typeof value === "string" ? value : JSON.stringify(value))
const fieldLine = ({ field, from, secret_changed, to }) =>
  secret_changed ? `${field}: ${show(to)} (its secret changes)` : `${field}: ${show(from)} -> ${show(to)}`

/** The difference as indented lines: + created, ~ updated, - removed. */
const describeDiff = ({ channels, summary }) => {
  const lines = channels.flatMap((channel) => [
    `${SIGNS[channel.action]} channel ${channel.slug} (${channel.name})`,
    ...channel.changes.map((change) => `    ${fieldLine(change)}`),
    ...channel.outputs.flatMap((output) => [
      `  ${SIGNS[output.action]} output ${output.slug} ${output.url}${output.restarts ? " (begins anew)" : ""}`,
      ...output.changes.map((change) => `      ${fieldLine(change)}`),
    ]),
  ])
  return [...lines, summary, ""].join("\n")
}

const commands = {
  diff: async (call, { rest: [file] }) => {
    const answer = await send(call, file, "?dry_run=1")
    process.stdout.write(describeDiff(answer))
    return answer.changed ? 2 : 0
  },
  apply: async (call, { options, rest: [file] }) =>
    report(await send(call, file, options["dry-run"] ? "?dry_run=1" : "")),
  restore: async (call, parsed) => commands.apply(call, parsed),
  rollback: async (call, { options, rest: [version] }) => {
    if (!/^\d{1,15}$/.test(version)) throw new Failure(`rollback needs the number of a version, not "${version}"`)
    const query = options["dry-run"] ? "?dry_run=1" : ""
    const { text } = await call("POST", `/api/config/rollback${query}`, {
      body: JSON.stringify({ version: Number(version) }),
    })
    return report(JSON.parse(text))
  },
  export: async (call, { options, rest: [file] }) => {
    const { text } = await call("GET", `/api/config?format=${formatOf(options, file)}`)
    writeOutput(file, text)
    return 0
  },
  backup: async (call, { options, rest: [file] }) => {
    const { text } = await call("GET", `/api/config?format=${formatOf(options, file)}&secrets=1`)
    writeOutput(file, text, 0o600)
    warnUnlessIgnored(file)
    return 0
  },
  support: async (
    call,
    { rest: [file = `support-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}.zip`] },
  ) => {
    const { bytes } = await call("GET", "/api/system/support.zip")
    writeOutput(file, bytes, 0o600)
    if (file !== "-") process.stderr.write(`distributor: wrote ${file}: look at it before you hand it on\n`)
    return 0
  },
  versions: async (call) => {
    const { text } = await call("GET", "/api/config/versions")
    for (const { at, by, version, what } of JSON.parse(text).versions)
      process.stdout.write(`${version}  ${at}  ${by}\n    ${what}\n`)
    return 0
  },
  doctor: async (call) => {
    const { text } = await call("GET", "/api/health")
    const { engines = [], machine, problems } = JSON.parse(text)
    const outdated = engines.filter((engine) => engine.outdated)
    for (const problem of problems) process.stdout.write(`problem  ${problem}\n`)
    for (const { number } of outdated)
      process.stdout.write(
        `warning  Engine ${number} goes on since before an upgrade, with the code of then.\n` +
          `         Remedy: distributor replace-engine ${number}, between two events: its streams are cut for about a second.\n`,
      )
    for (const { cost, found, remedy, state } of machine) {
      process.stdout.write(`${state.padEnd(8)} ${found}\n`)
      if (state === "warning") process.stdout.write(`         ${cost}\n         Remedy: ${remedy}\n`)
    }
    return problems.length > 0 || outdated.length > 0 || machine.some(({ state }) => state === "warning") ? 2 : 0
  },
  "replace-engine": async (call, { rest: [number = "1"] }) => {
    const { text } = await call("POST", `/api/engines/${encodeURIComponent(number)}/replace`)
    const { pid } = JSON.parse(text)
    process.stdout.write(`engine ${number} is replaced: its process is ${pid ?? "still to come"}\n`)
    return 0
  },
  health: async (call) => {
    const { status, text } = await call("GET", "/readyz", { seconds: 5, any: true })
    process.stdout.write(`${text.trim()}\n`)
    return status === 200 ? 0 : 1
  },
}
/** Least and greatest number of words that each command takes. */
const WORDS = {
  diff: [1, 1],
  apply: [1, 1],
  restore: [1, 1],
  rollback: [1, 1],
  export: [0, 1],
  backup: [1, 1],
  support: [0, 1],
  versions: [0, 0],
  doctor: [0, 0],
  "replace-engine": [0, 1],
  health: [0, 0],
}

const formatOf = (options, file = "-") => {
  const format = options.format ?? (file === "-" || isYaml(file) ? "yaml" : "json")
  if (format !== "json" && format !== "yaml") throw new Failure(`--format must be json or yaml, not "${format}"`)
  return format
}

const send = async (call, file, query) => {
  const type = isYaml(file) ? "application/yaml" : "application/json"
  const { text } = await call("PUT", `/api/config${query}`, { body: readInput(file), type })
  return JSON.parse(text)
}

const report = (answer) => {
  process.stdout.write(describeDiff(answer))
  if (answer.version !== null) process.stdout.write(`version ${answer.version}\n`)
  return 0
}

const main = async () => {
  const parsed = readArguments(process.argv.slice(2))
  const [command, ...rest] = parsed.rest
  if (parsed.options.help || command === undefined || command === "help") {
    process.stdout.write(`${USAGE}\n`)
    return command === undefined && !parsed.options.help ? 1 : 0
  }
  if (!Object.hasOwn(commands, command))
    throw new Failure(`"${command}" is no command; distributor --help says which there are`)
  const [least, most] = WORDS[command]
  if (rest.length < least || rest.length > most)
    throw new Failure(
      `${command} takes ${least === most ? least : `${least} or ${most}`} argument${most === 1 ? "" : "s"}; see distributor --help`,
    )
  try {
    loadEnvFiles()
  } catch (error) {
    throw new Failure(error.message)
  }
  return commands[command](makeClient(parsed.options), { ...parsed, rest })
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`distributor: ${error instanceof Failure ? error.message : (error?.stack ?? error)}\n`)
  process.exitCode = 1
}
