/** Peers: programs that take channels on UDP ports and pass them on, and can be measured. */

/**
 * The load of a run. Channel c arrives on `inputPort + 2c`; SRT outputs call `srtPort`, UDP outputs go to `udpPort + c
 * * udpOutputs + o`.
 */
export interface Load {
  readonly channels: number
  readonly bitrate: number
  readonly inputPort: number
  readonly srtPort: number
  readonly srtOutputs: number
  readonly udpPort: number
  readonly udpOutputs: number
  /** Port of an RTMP server at 127.0.0.1; outputs publish to `live/c<channel>-o<output>`. */
  readonly rtmpPort?: number
  readonly rtmpOutputs?: number
  /** SRT outputs are encrypted with AES-128 by this passphrase; left out for plain ones. */
  readonly passphrase?: string
  /** Engines of the product; 1 when left out. */
  readonly engines?: number
}

/** Counters a peer keeps itself; the bench reports them beside what the sink saw. */
export interface OwnCounters {
  readonly input_drops: number
  readonly failed_sends: number
}

export interface RunningPeer {
  /** The peer's present processes, by role. */
  pids(): ReadonlyArray<{ readonly pid: number; readonly role: string }>
  /** The peer's own counters; null when it keeps none. */
  counters(): Promise<OwnCounters | null>
  /** Address of its HTTP side; left out where there is none. */
  readonly url?: string
  /** Text that it wrote to stderr, for when something went wrong. */
  errors(): string
  stop(): Promise<void>
}

export interface Peer {
  readonly name: string
  /** Input that it reads: RTP, or raw UDP when it does not know RTP. */
  readonly input: "rtp" | "udp"
  /** How the sink can check its output: byte for byte, or by continuity counters when it remultiplexes. */
  readonly verify: "pattern" | "ts"
  /** Sentence that says why it cannot run here; null when it can. */
  readonly missing: () => string | null
  start(load: Load): Promise<RunningPeer>
}
