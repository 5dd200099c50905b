/**
 * What is muted fires no alert: of each alert the first test of `prometheus/tests` in which it fires is run again with
 * the channel, the output or everything muted.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { folderFor, groups, type RuleTest, runTests, testFiles, testsIn } from "./promtool.ts"

/** Alerts about what cannot tell that it is muted: the host, and a service that is away. */
const NEVER_MUTED = new Set(["HostUdpReceiveErrors", "TargetDown", "DistributorAbsent", "Watchdog"])

const ALWAYS = "1+0x30000"
/** The narrowest mute that covers an alert with these labels. */
const muteOf = ({ channel, instance = "d:8000", output }: Readonly<Record<string, string>>) => {
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

const files = testFiles.flatMap((file) => {
  const all = testsIn(file)
  const tests = all.tests.flatMap((test) => muted(test) ?? [])
  return tests.length === 0 ? [] : [{ file, all: { ...all, tests } }]
})

it.each(files)("alerts of $file that are muted do not fire", ({ all, file }) => runTests(folderFor(made, file), all))

it("tries every alert but those that cannot be muted", () => {
  const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []))
  expect([...tried, ...NEVER_MUTED].sort()).toEqual(alerts.sort())
})
