/** In one line what was understood from the URL of an output, for people who just typed it. No secrets. */
import type { OutputTarget, ParsedOutput } from "./output-url.ts"

type Understood = Extract<ParsedOutput, { readonly ok: true }>

const place = (host: string, port: number): string => `${host.includes(":") ? `[${host}]` : host}:${port}`

const ofSrt = (target: Extract<OutputTarget, { readonly protocol: "srt" }>): string => {
  if (target.mode === "listener")
    return `SRT listener on ${target.host === "" ? `port ${target.port}` : place(target.host, target.port)}`
  return target.mode === "caller"
    ? `SRT caller to ${place(target.host, target.port)}`
    : `SRT rendezvous with ${place(target.host, target.port)}`
}

const where = (target: OutputTarget, options: Understood["options"]): string => {
  switch (target.protocol) {
    case "srt":
      return ofSrt(target)
    case "udp":
    case "rtp":
      return `${target.protocol.toUpperCase()} to ${place(target.host, target.port)}`
    case "rtmp": {
      const { host, port, scheme } = target.url
      return `${scheme === "rtmps" ? "RTMP over TLS" : "RTMP"} to ${place(host, port)}, application ${options["app"]}`
    }
    case "rtsp":
      return `RTSP to ${place(target.host, target.port)}`
    case "hls":
      if (target.kind === "directory") return `HLS into the directory ${target.path}, served below /hls/`
      return target.kind === "s3"
        ? `HLS to the S3 bucket ${target.bucket}, below ${target.prefix}`
        : "HLS upload by HTTP"
    case "file":
      return `TS recording into the directory ${target.path}`
  }
}

/** Options that the first part has said, or that everybody has. */
const SAID: ReadonlySet<string> = new Set(["mode", "host", "port", "app", "tls", "kind", "path", "bucket", "prefix"])
const USUAL: Readonly<Record<string, string | number | boolean>> = { pkt_size: 1316, pacing: "input" }
const UNITS: ReadonlyArray<readonly [suffix: string, unit: string]> = [
  ["_bytes_per_second", "bytes/s"],
  ["_ms", "ms"],
  ["_bytes", "bytes"],
  ["_packets", "packets"],
  ["_percent", "%"],
  ["_s", "s"],
]

const detail = (name: string, value: string | number | boolean): string => {
  if (name === "encryption") return value === "none" ? "not encrypted" : `encrypted with ${value}`
  const unit = typeof value === "number" ? UNITS.find(([suffix]) => name.endsWith(suffix)) : undefined
  const words = (unit === undefined ? name : name.slice(0, -unit[0].length)).replaceAll("_", " ")
  if (typeof value === "boolean") return `${words} ${value ? "on" : "off"}`
  return unit === undefined ? `${words} ${value}` : `${words} ${value} ${unit[1]}`
}

/** As in `SRT caller to 192.0.2.7:9000, latency 2000 ms, stream id live/a, encrypted with AES-128`. */
export const describeOutput = ({ options, target }: Understood): string => {
  const told = Object.entries(options).filter(([name, value]) => !SAID.has(name) && USUAL[name] !== value)
  // An upload has its place among the options alone.
  const upload = target.protocol === "hls" && target.kind === "http" ? ` to ${options["host"]}:${options["port"]}` : ""
  return [`${where(target, options)}${upload}`, ...told.map(([name, value]) => detail(name, value))].join(", ")
}
