/**
 * Runs Prometheus, Alertmanager and node-exporter as Debian ships them, with the configuration that the product ships,
 * but faster and on free ports.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parse, stringify } from "yaml"
import { freeTcpPort } from "./ports.ts"
import { eventually } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const TOKEN = "a-token-of-the-test"

export interface Notification {
  /** Path of the webhook: `/pager`, `/tickets` or `/watchdog`. */
  readonly path: string
  readonly authorization: string
  /** Monotonic time of arrival in ms. */
  readonly atMs: number
  readonly status: "firing" | "resolved"
  readonly groupLabels: Readonly<Record<string, string>>
  readonly alerts: ReadonlyArray<{
    readonly status: "firing" | "resolved"
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }>
}

interface PrometheusConfig {
  global: Record<string, unknown>
  rule_files: string[]
  alerting: unknown
  scrape_configs: Array<{ job_name: string; static_configs: Array<{ targets: string[] }> }>
}
interface AlertmanagerConfig {
  route: { group_wait: string; group_interval: string; routes: Array<Record<string, unknown>> }
  receivers: Array<Record<string, unknown> & { name: string }>
}

export interface MonitoringOptions {
  /** Whether node-exporter collects all that it collects by default, instead of only what the alerts ask for. */
  readonly wholeHost?: boolean
  /** Whether every group of rules is evaluated each second, including those with long intervals. */
  readonly allRulesEverySecond?: boolean
  /** Seconds from one scrape and one evaluation to the next; 1 unless told otherwise. */
  readonly everySeconds?: number
}

export class Monitoring {
  readonly prometheus: string
  readonly notifications: Notification[] = []
  readonly #children: ChildProcess[] = []
  readonly #directory = mkdtempSync(join(tmpdir(), "monitoring-"))
  #webhook: Server | null = null
  #output = ""

  private constructor(port: number) {
    this.prometheus = `http://127.0.0.1:${port}`
  }

  /** Starts monitoring that scrapes and evaluates all the time; returns when all targets have been scraped. */
  static async start(productPort: number, options: MonitoringOptions = {}): Promise<Monitoring> {
    const [port, alertmanager, node, webhook] = await Promise.all([1, 2, 3, 4].map(freeTcpPort))
    const monitoring = new Monitoring(port ?? 0)
    try {
      await monitoring.#start(options, productPort, port ?? 0, alertmanager ?? 0, node ?? 0, webhook ?? 0)
      return monitoring
    } catch (cause) {
      await monitoring.stop()
      throw cause
    }
  }

  async #start(
    options: MonitoringOptions,
    productPort: number,
    port: number,
    alertmanager: number,
    node: number,
    webhook: number,
  ): Promise<void> {
    const directory = this.#directory
    const rules = options.allRulesEverySecond === true ? hastyRules(directory) : join(root, "prometheus", "rules")
    mkdirSync(join(directory, "secrets"))
    writeFileSync(join(directory, "secrets", "webhook_token"), TOKEN)
    writeFileSync(
      join(directory, "prometheus.yml"),
      prometheusConfig(rules, `${options.everySeconds ?? 1}s`, {
        distributor: productPort,
        node,
        alertmanager,
        prometheus: port,
      }),
    )
    writeFileSync(join(directory, "alertmanager.yml"), alertmanagerConfig(webhook))
    await this.#listen(webhook)
    this.#run("prometheus-alertmanager", [
      `--config.file=${join(directory, "alertmanager.yml")}`,
      `--storage.path=${join(directory, "alertmanager")}`,
      `--web.listen-address=127.0.0.1:${alertmanager}`,
      "--cluster.listen-address=",
    ])
    this.#run("prometheus-node-exporter", [
      `--web.listen-address=127.0.0.1:${node}`,
      ...(options.wholeHost === true ? [] : ["--collector.disable-defaults", "--collector.netstat"]),
    ])
    // Alerts that fire before Alertmanager listens come a minute late.
    await eventually(
      "Alertmanager listens",
      async () => ((await fetch(`http://127.0.0.1:${alertmanager}/-/ready`)).ok ? true : null),
      30_000,
    )
    this.#run("prometheus", [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // Alerts that fire at the first evaluation come before Prometheus knows of Alertmanager, so it sends them again
      // soon.
      "--rules.alert.resend-delay=5s",
    ])
    await eventually(
      "all targets are scraped",
      async () => ((await this.query("up == 1")).length === 4 ? true : null),
      40_000,
    ).catch((cause) => {
      throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${this.#output.slice(-3000)}`)
    })
  }

  #run(command: string, args: ReadonlyArray<string>): void {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (this.#output += String(chunk)))
    this.#children.push(child)
  }

  #listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => (body += String(chunk)))
      request.on("end", () => {
        const told = JSON.parse(body) as Omit<Notification, "path" | "authorization" | "atMs">
        const authorization = request.headers.authorization ?? ""
        this.notifications.push({ ...told, authorization, path: request.url ?? "", atMs: performance.now() })
        response.end()
      })
    })
    this.#webhook = server
    return new Promise((resolve) => server.listen(port, "127.0.0.1", resolve))
  }

  async get<T>(path: string): Promise<T> {
    const answer = (await (await fetch(`${this.prometheus}${path}`)).json()) as {
      status: string
      data: T
      error?: string
    }
    if (answer.status !== "success") throw new Error(answer.error ?? "Prometheus refuses")
    return answer.data
  }

  /** Runs an instant query; returns its samples with their labels. */
  async query(
    expr: string,
  ): Promise<ReadonlyArray<{ readonly labels: Readonly<Record<string, string>>; readonly value: number }>> {
    interface Vector {
      readonly result: ReadonlyArray<{
        readonly metric: Record<string, string>
        readonly value: readonly [number, string]
      }>
    }
    const { result } = await this.get<Vector>(`/api/v1/query?query=${encodeURIComponent(expr)}`)
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
  }

  /**
   * Runs a range query over the last `seconds`, with a point each second. Returns its series with their values, without
   * those that are no number.
   */
  async range(
    expr: string,
    seconds: number,
  ): Promise<
    ReadonlyArray<{ readonly labels: Readonly<Record<string, string>>; readonly values: ReadonlyArray<number> }>
  > {
    interface Matrix {
      readonly result: ReadonlyArray<{
        readonly metric: Record<string, string>
        readonly values: ReadonlyArray<readonly [number, string]>
      }>
    }
    const now = Date.now() / 1000
    const asked = new URLSearchParams({ query: expr, start: String(now - seconds), end: String(now), step: "1" })
    const { result } = await this.get<Matrix>(`/api/v1/query_range?${asked}`)
    return result.map(({ metric, values }) => ({
      labels: metric,
      values: values.map(([, value]) => Number(value)).filter((value) => !Number.isNaN(value)),
    }))
  }

  /** Notifications that hold this alert with this status. */
  told(alertname: string, status: "firing" | "resolved"): ReadonlyArray<Notification> {
    return this.notifications.filter(({ alerts }) =>
      alerts.some((a) => a.labels["alertname"] === alertname && a.status === status),
    )
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map((child) => {
        if (child.exitCode !== null || child.signalCode !== null) return null
        const ended = new Promise((resolve) => child.once("exit", resolve))
        child.kill("SIGKILL")
        return ended
      }),
    )
    this.#webhook?.closeAllConnections()
    this.#webhook?.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** Writes the shipped rules without the intervals of their groups; returns their folder. */
const hastyRules = (directory: string): string => {
  const from = join(root, "prometheus", "rules")
  const to = join(directory, "rules")
  mkdirSync(to)
  for (const name of readdirSync(from)) {
    const { groups } = parse(readFileSync(join(from, name), "utf8")) as {
      groups: ReadonlyArray<Record<string, unknown>>
    }
    writeFileSync(join(to, name), stringify({ groups: groups.map(({ interval: _, ...group }) => group) }))
  }
  return to
}

/** Makes the shipped configuration with these ports and this interval; `rules` is the folder of the rules. */
const prometheusConfig = (rules: string, interval: string, ports: Readonly<Record<string, number>>): string => {
  const config = parse(readFileSync(join(root, "prometheus", "prometheus.yml"), "utf8")) as PrometheusConfig
  Object.assign(config.global, { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval })
  config.rule_files = [join(rules, "*.yml")]
  config.alerting = { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${ports["alertmanager"]}`] }] }] }
  for (const job of config.scrape_configs) job.static_configs = [{ targets: [`127.0.0.1:${ports[job.job_name]}`] }]
  return stringify(config)
}

/** Makes the shipped configuration with one webhook for each receiver and with short waits. */
const alertmanagerConfig = (port: number): string => {
  const config = parse(
    readFileSync(join(root, "prometheus", "alertmanager", "alertmanager.yml"), "utf8"),
  ) as AlertmanagerConfig
  Object.assign(config.route, { group_wait: "2s", group_interval: "2s" })
  const paths: Readonly<Record<string, string>> = { deadman: "watchdog" }
  config.receivers = config.receivers.map(({ name }) => ({
    name,
    webhook_configs: [
      {
        url: `http://127.0.0.1:${port}/${paths[name] ?? name}`,
        send_resolved: name !== "deadman",
        http_config: { authorization: { credentials_file: "secrets/webhook_token" } },
      },
    ],
  }))
  // The shipped templates are for people; a webhook gets Alertmanager's own format.
  return stringify({ ...config, templates: [] })
}

export const WEBHOOK_AUTHORIZATION = `Bearer ${TOKEN}`
