/**
 * What is shipped for Prometheus and Alertmanager: valid by their own tools, every alert tested both ways and
 * explained, every metric one of ours.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { MUTE_AREAS } from "../src/http/metrics/mute-metrics.ts"
import { nodeArea, ownNodeArea } from "../src/http/metrics/node-metrics.ts"
import { processMetrics } from "../src/http/metrics/process-metrics.ts"
import { AREAS } from "../src/http/metrics/render.ts"
import { evaluateAll, folderFor, groups, run, runTests, testFiles, testsIn } from "./promtool.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const at = (...path: ReadonlyArray<string>) => join(root, ...path)
const text = (...path: ReadonlyArray<string>) => readFileSync(at(...path), "utf8")

const rules = groups.flatMap((group) => group.rules)
const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]))
const tested = testFiles.map(testsIn)
const tests = tested.flatMap((one) => one.tests)

const made = mkdtempSync(join(tmpdir(), "tests-of-alerts-"))
afterAll(() => rmSync(made, { recursive: true }))

/** Names in the selectors of an expression, without what stands in braces, brackets and quotes. */
const metricsIn = (expr: string) =>
  (
    expr
      .replace(/"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|on|group_left|ignoring)\s*\([^)]*\)/g, " ")
      .match(/(?<![\w:])[a-z_][\w:]*(?![\w:]*\s*\()/g) ?? []
  ).filter((word) => !["and", "or", "unless", "sum", "by", "on", "up", "offset"].includes(word))

describe("promtool", () => {
  it("accepts configuration and rules, with all its lints", async () => {
    await run(at("prometheus"), "promtool", "check", "config", "--lint=all", "prometheus.yml")
    // Without looking for the key, which is in the container.
    await run(at("prometheus"), "promtool", "check", "config", "--syntax-only", "--lint=all", "compose.yml")
    await run(at("prometheus"), "promtool", "check", "rules", "--lint=all", "rules/recording.yml", "rules/alerts.yml")
  })

  it.each(testFiles)("finds that alerts fire, and do not, as %s says", async (file) => {
    const folder = folderFor(made, file)
    await runTests(folder, testsIn(file))
    await evaluateAll(folder, testsIn(file))
  })

  it("takes the files of tests as they are", async () => {
    // The shortest: what the others need to be run by hand is the same.
    expect(await run(at("prometheus/tests"), "promtool", "test", "rules", "upgrade.yml")).toContain("SUCCESS")
    for (const { rule_files } of tested) expect(rule_files).toEqual(["../rules/recording.yml", "../rules/alerts.yml"])
  })
})

describe("alerts", () => {
  it.each(alerts.map(({ alert }) => alert))("%s is tested firing and not firing", (alert) => {
    const checks = tests.flatMap((test) => test.alert_rule_test.map((check) => ({ ...check, test: test.name })))
    const of = checks.filter(({ alertname }) => alertname === alert)
    expect(of.filter(({ exp_alerts }) => (exp_alerts ?? []).length > 0).length).toBeGreaterThan(0)
    // The watchdog is the one that never stops.
    if (alert !== "Watchdog")
      expect(tests.filter(({ name }) => name.startsWith(`${alert} does not fire:`))).toHaveLength(1)
    for (const { alert_rule_test, name } of tests.filter((test) => test.name.startsWith(`${alert} does not fire:`))) {
      expect(
        alert_rule_test.flatMap(({ exp_alerts }) => exp_alerts ?? []),
        name,
      ).toEqual([])
    }
  })

  it("are all that the tests speak of, in groups that are evaluated in order", () => {
    const known = new Set(alerts.map(({ alert }) => alert))
    expect(
      tests
        .flatMap(({ alert_rule_test }) => alert_rule_test.map(({ alertname }) => alertname))
        .filter((one) => !known.has(one)),
    ).toEqual([])
    for (const { group_eval_order } of tested) expect(group_eval_order).toEqual(groups.map(({ name }) => name))
  })

  it.each(alerts.map((alert) => [alert.alert, alert] as const))(
    "%s says how grave it is, where, and what to do",
    (name, { annotations, labels }) => {
      expect(labels?.["severity"]).toMatch(/^(critical|warning|none)$/)
      expect(annotations?.["description"]).toMatch(/\.$/)
      expect(annotations?.["runbook_url"]).toBe(`{{ $externalLabels.runbook }}#${name.toLowerCase()}`)
      expect(text("docs", "runbook.md")).toMatch(new RegExp(`^### ${name}$`, "m"))
    },
  )

  it("name the channel and the output they are about", () => {
    for (const { alert, annotations, expr } of alerts) {
      const about = /channel_output|distributor_(output|srt|scte35_output)_/.test(expr)
        ? "output"
        : /distributor_(channel|input|scte35)_/.test(expr)
          ? "channel"
          : null
      if (about !== null) expect(annotations?.["summary"], alert).toContain(`$labels.${about}`)
      if (about === "output") expect(annotations?.["summary"], alert).toContain("$labels.channel")
    }
  })

  it("are all explained in the runbook, and nothing else is", () => {
    const sections = [...text("docs", "runbook.md").matchAll(/^### (\S+)$/gm)].map(([, name]) => name)
    expect(sections.sort()).toEqual(alerts.map(({ alert }) => alert).sort())
  })

  it("ask for metrics that there are", async () => {
    const described = await processMetrics().describe()
    const ours = [
      ...[...AREAS, ...MUTE_AREAS, nodeArea, ownNodeArea]
        .flatMap(({ families }) => families)
        .map(({ name, type }) => ({ name: `distributor_${name}`, type })),
      ...described,
    ]
    const known = new Set(
      ours.flatMap(({ name, type }) =>
        type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    )
    const recorded = new Set(rules.flatMap(({ record }) => record ?? []))
    const unknown = rules
      .flatMap(({ expr }) => metricsIn(expr))
      .filter((name) => !known.has(name) && !recorded.has(name))
    expect([...new Set(unknown)]).toEqual(["node_netstat_Udp_RcvbufErrors"])
  })
})

describe("Alertmanager", () => {
  const config = "alertmanager.yml"

  it("takes its configuration", async () => {
    expect(await run(at("prometheus/alertmanager"), "amtool", "check-config", config)).toContain("SUCCESS")
  })

  it.each([
    ["OutputDown", "critical", "pager"],
    ["InputLost", "critical", "pager"],
    ["SrtLoss", "warning", "tickets"],
    ["Watchdog", "none", "deadman"],
  ])("sends %s (%s) to %s", async (alertname, severity, receiver) => {
    const labels = [`alertname=${alertname}`, `severity=${severity}`, "channel=news", "instance=d:8000"]
    const told = await run(
      at("prometheus/alertmanager"),
      "amtool",
      "config",
      "routes",
      "test",
      `--config.file=${config}`,
      `--verify.receivers=${receiver}`,
      ...labels,
    )
    expect(told.split("\n")[0]).toBe(receiver)
  })

  it("speaks only of alerts that there are, and groups by channel", () => {
    const { inhibit_rules, route } = parse(text("prometheus/alertmanager", config)) as {
      inhibit_rules: ReadonlyArray<{ source_matchers: ReadonlyArray<string>; target_matchers: ReadonlyArray<string> }>
      route: { group_by: ReadonlyArray<string> }
    }
    expect(route.group_by).toEqual(["alertname", "instance", "channel"])
    const matchers = inhibit_rules.flatMap((rule) => [...rule.source_matchers, ...rule.target_matchers])
    for (const matcher of matchers) {
      const [, value = ""] = /^alertname(?:=|=~|!~)"(.*)"$/.exec(matcher) ?? []
      // Each alternative of the pattern must match some alert.
      for (const part of value.split(/\|(?![^(]*\))/)) {
        expect(
          alerts.some(({ alert }) => new RegExp(`^(${part})$`).test(alert)),
          `${part} of ${matcher}`,
        ).toBe(true)
      }
    }
  })
})
