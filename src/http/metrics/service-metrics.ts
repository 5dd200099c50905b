/** Metrics of the service as a whole: store, configuration, what all engines receive. */
import { MALFORMED } from "../../core/srt/protocol/packet.ts"
import { type MetricsView, STORE_RECORDS } from "../../effects/metrics/metrics-model.ts"
import { by, counter, type Family, gauge, label, makeArea, timestamp } from "./exposition.ts"

const DESIRED = ["true", "false"] as const
const RUNTIME =
  "Bun" in globalThis
    ? ["bun", process.versions["bun"] ?? ""]
    : "Deno" in globalThis
      ? ["deno", process.versions["deno"] ?? ""]
      : ["node", process.versions.node]

const families: ReadonlyArray<Family<MetricsView>> = [
  {
    name: "build_info",
    type: "gauge",
    help: "Version of the service and of what runs it; always 1.",
    labels: ["version", "runtime", "runtime_version"],
    read: ({ health }, put) =>
      put(
        1,
        `${label("version", health.version)},${label("runtime", RUNTIME[0] ?? "")},${label("runtime_version", RUNTIME[1] ?? "")}`,
      ),
  },
  gauge(
    "up",
    "1 when the store answers and all engines are connected.",
    ({ engines, health }) => health.store.ok && engines.every(({ connected }) => connected),
  ),
  by(
    "gauge",
    "channels",
    "Channels, by whether they are to run.",
    ["desired", DESIRED],
    ({ channels }, desired) => channels.filter(({ config }) => config.should_run === (desired === "true")).length,
  ),
  by(
    "gauge",
    "outputs",
    "Outputs, by whether they are to send: their channel is to run and they are enabled.",
    ["desired", DESIRED],
    (of, desired) =>
      of.channels.reduce(
        (n, { outputs }) => n + outputs.filter((output) => output.desired === (desired === "true")).length,
        0,
      ),
  ),
  gauge(
    "channels_kept_out",
    "Channels that are kept out of the engines, which died while they were at them.",
    ({ health }) => health.kept_out.length,
  ),
  gauge("outputs_enabled", "Outputs that are enabled, whether their channel is to run or not.", ({ channels }) =>
    channels.reduce((n, { outputs }) => n + outputs.filter(({ config }) => config.enabled).length, 0),
  ),
  gauge(
    "config_version",
    "Number of the newest version of the configuration as a whole; 0 without one.",
    ({ configVersion }) => configVersion,
  ),
  gauge(
    "control_plane_death_found_timestamp_seconds",
    "When this control plane found that the one before it had died, Unix time; 0 when that one ended as it should.",
    ({ controlDeathFoundAt }) => timestamp(controlDeathFoundAt),
  ),
  counter("engine_received_packets_total", "Datagrams received on all sources.", ({ channels }) =>
    channels.reduce((n, { legs }) => n + legs.reduce((m, { sums }) => m + sums.datagrams, 0), 0),
  ),
  by(
    "counter",
    "srt_malformed_packets_total",
    "Packets at ports of the service's own SRT stack that were malformed or not for anybody there, by kind.",
    ["kind", MALFORMED],
    ({ engines }, kind) => engines.reduce((n, { srtMalformed }) => n + srtMalformed[kind], 0),
  ),
  gauge("srt_available", "1 when a usable libsrt was found.", ({ health }) => health.srt.available),
  gauge("store_up", "1 when the store answers.", ({ health }) => health.store.ok),
  by(
    "counter",
    "store_errors_total",
    "Writes that the store refused or that failed, by what was written.",
    ["record", STORE_RECORDS],
    ({ store }, record) => store.errors[record],
  ),
  by(
    "counter",
    "store_dropped_records_total",
    "Records given up because the store could not take them.",
    ["record", ["events", "cues"]],
    ({ store }, record) => store.dropped[record],
  ),
]

export const serviceArea = makeArea<MetricsView, MetricsView>([], (view) => [["", view]], families)
