/** What can be measured: something that takes channels on UDP ports and hands them on. */

/** The load of a run. Channel c arrives on `inputPort + 2c`; SRT outputs call `srtPort`, UDP outputs go to `udpPort + c * udpOutputs + o`. */
export interface Load {
  readonly channels: number
  readonly bitrate: number
  readonly inputPort: number
  readonly srtPort: number
  readonly srtOutputs: number
  readonly udpPort: number
  readonly udpOutputs: number
  /** Of an RTMP server at 127.0.0.1; outputs publish to `live/c<channel>-o<output>`. */
  readonly rtmpPort?: number
  readonly rtmpOutputs?: number
}

/** Counters a peer keeps itself; the bench reports them beside what the sink saw. */
export interface OwnCounters {
  readonly input_drops: number
  readonly failed_sends: number
}

export interface RunningPeer {
  /** Its processes now, by role. */
  pids(): ReadonlyArray<{ readonly pid: number; readonly role: string }>
  /** Null when it keeps none. */
  counters(): Promise<OwnCounters | null>
  /** Where its HTTP side listens; left out where there is none. */
  readonly url?: string
  /** What it said on stderr, when something went wrong. */
  errors(): string
  stop(): Promise<void>
}

export interface Peer {
  readonly name: string
  /** What it reads: RTP, or raw UDP when it does not know RTP. */
  readonly input: "rtp" | "udp"
  /** How the sink can check what it sends: byte for byte, or continuity counters when it remultiplexes. */
  readonly verify: "pattern" | "ts"
  /** A sentence when it cannot run here. */
  readonly missing: () => string | null
  start(load: Load): Promise<RunningPeer>
}
