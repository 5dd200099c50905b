/**
 * What is muted fires no alert: of each alert the first test of `prometheus/tests` in which it fires is run again with
 * the channel, the output or everything muted.
 */
import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, expect, it } from "vitest"
import { parse, stringify } from "yaml"

const folder = fileURLToPath(new URL("../prometheus", import.meta.url))

type Labels = Readonly<Record<string, string>>
interface Check {
  readonly alertname: string
  readonly exp_alerts?: ReadonlyArray<{ readonly exp_labels: Labels }>
}
interface RuleTest {
  readonly name: string
  readonly input_series: ReadonlyArray<{ readonly series: string; readonly values: string }>
  readonly alert_rule_test: ReadonlyArray<Check>
}
interface RuleTests {
  readonly rule_files: ReadonlyArray<string>
  readonly tests: ReadonlyArray<RuleTest>
}

/** Alerts about what cannot tell that it is muted: the host, and a service that is away. */
const NEVER_MUTED = new Set(["HostUdpReceiveErrors", "TargetDown", "DistributorAbsent", "Watchdog"])

const ALWAYS = "1+0x30000"
/** The narrowest mute that covers an alert with these labels. */
const muteOf = ({ channel, instance = "d:8000", output }: Labels) => {
  const own = `job="distributor",instance="${instance}"`
  if (output !== undefined)
    return { series: `distributor_output_muted{${own},channel="${channel}",output="${output}"}`, values: ALWAYS }
  if (channel !== undefined) return { series: `distributor_channel_muted{${own},channel="${channel}"}`, values: ALWAYS }
  return { series: `distributor_muted{${own}}`, values: ALWAYS }
}

const tried = new Set<string>()
/** The test with all that fires in it muted; null where nothing fires that could be and has not been tried. */
const muted = (test: RuleTest): RuleTest | null => {
  const checks = test.alert_rule_test.filter(
    ({ alertname, exp_alerts = [] }) => exp_alerts.length > 0 && !NEVER_MUTED.has(alertname),
  )
  if (checks.every(({ alertname }) => tried.has(alertname))) return null
  for (const { alertname } of checks) tried.add(alertname)
  const mutes = new Map(
    checks
      .flatMap(({ exp_alerts = [] }) => exp_alerts)
      .map(({ exp_labels }) => {
        const mute = muteOf(exp_labels)
        return [mute.series, mute]
      }),
  )
  return {
    ...test,
    name: `${test.name}; muted`,
    input_series: [...test.input_series, ...mutes.values()],
    alert_rule_test: checks.map(({ exp_alerts: _, ...check }) => check),
  }
}

const made = mkdtempSync(join(tmpdir(), "muted-alerts-"))
afterAll(() => rmSync(made, { recursive: true }))

const files = readdirSync(join(folder, "tests")).flatMap((file) => {
  const all = parse(readFileSync(join(folder, "tests", file), "utf8")) as RuleTests
  const tests = all.tests.flatMap((test) => muted(test) ?? [])
  return tests.length === 0 ? [] : [{ file, all: { ...all, tests } }]
})

it.each(files)("alerts of $file that are muted do not fire", async ({ all, file }) => {
  const path = join(made, file)
  writeFileSync(path, stringify({ ...all, rule_files: all.rule_files.map((one) => join(folder, "tests", one)) }))
  const { stdout } = await promisify(execFile)("promtool", ["test", "rules", path], {
    env: { ...process.env, GOGC: "800" },
  })
  expect(stdout).toContain("SUCCESS")
})

it("tries every alert but those that cannot be muted", () => {
  const { groups } = parse(readFileSync(join(folder, "rules", "alerts.yml"), "utf8")) as {
    readonly groups: ReadonlyArray<{ readonly rules: ReadonlyArray<{ readonly alert: string }> }>
  }
  expect([...tried, ...NEVER_MUTED].sort()).toEqual(
    groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)).sort(),
  )
})
