/**
 * Runs tests of Prometheus rules. `promtool` evaluates every rule at every step of every test, which for all rules
 * takes ten times as long as for those that a test asks about, so each test gets only these.
 */
import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { parse, stringify } from "yaml"

export const PROMETHEUS = fileURLToPath(new URL("../prometheus", import.meta.url))

export interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}
export interface RuleGroup {
  readonly name: string
  readonly rules: ReadonlyArray<Rule>
}
export interface RuleTest {
  readonly name: string
  readonly interval: string
  readonly external_labels?: Readonly<Record<string, string>>
  readonly input_series: ReadonlyArray<{ readonly series: string; readonly values: string }>
  readonly alert_rule_test: ReadonlyArray<{
    readonly eval_time: string
    readonly alertname: string
    readonly exp_alerts?: ReadonlyArray<{ readonly exp_labels: Readonly<Record<string, string>> }>
  }>
}
export interface RuleTests {
  readonly rule_files: ReadonlyArray<string>
  readonly evaluation_interval: string
  readonly group_eval_order: ReadonlyArray<string>
  readonly tests: ReadonlyArray<RuleTest>
}

const RULE_FILES = ["recording.yml", "alerts.yml"].map((file) => join(PROMETHEUS, "rules", file))
/** All groups of rules, in the order of the files. */
export const groups = RULE_FILES.flatMap(
  (path) => (parse(readFileSync(path, "utf8")) as { readonly groups: ReadonlyArray<RuleGroup> }).groups,
)
/** Names of the files of tests. */
export const testFiles = readdirSync(join(PROMETHEUS, "tests"))
/** Tests of a file, as it says. */
export const testsIn = (file: string) => parse(readFileSync(join(PROMETHEUS, "tests", file), "utf8")) as RuleTests

/** Runs a program in a folder; resolves to all that it prints, and fails with that when the program does. */
export const run = async (cwd: string, command: string, ...args: ReadonlyArray<string>) => {
  // Their memory is small: to tidy it up more rarely saves a fifth of their processor time.
  const options = { cwd, env: { ...process.env, GOGC: "800" }, maxBuffer: 1e8 }
  const { stderr, stdout } = await promisify(execFile)(command, args, options).catch(
    (failed: { stdout: string; stderr: string }) => {
      throw new Error(`${command} ${args.join(" ")}\n${failed.stdout}\n${failed.stderr}`)
    },
  )
  return `${stdout}\n${stderr}`
}

const nameOf = ({ alert, record }: Rule) => alert ?? record ?? ""
/** The groups with no more than these alerts and what they are computed from. */
const narrowed = (alerts: Iterable<string>) => {
  const wanted = new Set(alerts)
  const recorded = groups.flatMap(({ rules }) => rules).flatMap(({ record }) => record ?? [])
  // A name that is added is looked at in its turn.
  for (const name of wanted)
    for (const { expr } of groups.flatMap(({ rules }) => rules).filter((rule) => nameOf(rule) === name))
      for (const other of recorded) if (expr.includes(other)) wanted.add(other)
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => wanted.has(nameOf(rule))) }))
    .filter(({ rules }) => rules.length > 0)
}

/** Runs tests in a folder that is there, each with the rules that it asks about. Fails when one of them does. */
export const runTests = async (folder: string, { tests, ...all }: RuleTests) => {
  const paths = tests.map((test, at) => {
    const rules = join(folder, `rules-${at}.yml`)
    writeFileSync(rules, stringify({ groups: narrowed(test.alert_rule_test.map(({ alertname }) => alertname)) }))
    const path = join(folder, `test-${at}.yml`)
    writeFileSync(path, stringify({ ...all, rule_files: [rules], tests: [test] }))
    return path
  })
  const said = await run(folder, "promtool", "test", "rules", ...paths)
  const succeeded = said.split("SUCCESS").length - 1
  if (succeeded !== paths.length) throw new Error(`${succeeded} of ${paths.length} tests succeeded:\n${said}`)
}

/** Evaluations that one of a test stands for when all rules are evaluated. */
const SELDOM = 20
const seldom = (interval: string) => interval.replace(/^\d+/, (count) => String(Number(count) * SELDOM))
/** A test's services as none of another test are named. */
const apart = (series: string, at: number) => series.replace(/\binstance="([^"]*)"/, `instance="$1-${at}"`)

/**
 * Evaluates all rules over the figures of all tests of a file, once in a while: fails when one cannot be evaluated,
 * such as where more series match than an operator takes.
 */
export const evaluateAll = async (folder: string, { tests, ...all }: RuleTests) => {
  const merged = [...new Set(tests.map(({ interval }) => interval))].map((interval) => {
    const alike = tests.filter((test) => test.interval === interval)
    return {
      interval,
      input_series: alike.flatMap(({ input_series }, at) =>
        input_series.map(({ series, values }) => ({ series: apart(series, at), values })),
      ),
      // What is asked about says how long rules are evaluated.
      alert_rule_test: alike
        .flatMap(({ alert_rule_test }) => alert_rule_test)
        .map(({ eval_time }) => ({ eval_time, alertname: "NoSuchAlert" })),
    }
  })
  const path = join(folder, "all.yml")
  const evaluation_interval = seldom(all.evaluation_interval)
  writeFileSync(path, stringify({ ...all, rule_files: RULE_FILES, evaluation_interval, tests: merged }))
  await run(folder, "promtool", "test", "rules", path)
}

/** A folder of its own for each file of tests. */
export const folderFor = (made: string, file: string) => {
  const folder = join(made, file.replace(/\.yml$/, ""))
  mkdirSync(folder)
  return folder
}
