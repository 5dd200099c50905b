/**
 * Encoders in a process of their own (`leg-sender.ts`): programmes that run on, and legs that carry them, healthy or
 * ill.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { TestProgrammeOptions } from "../../src/test-source/test-programme.ts"
import type { LegIllness } from "./leg-illness.ts"
import { freeUdpPort } from "./ports.ts"

export type { LegIllness } from "./leg-illness.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

export interface LegOptions {
  readonly programme: string
  readonly port: number
  /** Whether an RTP header comes before the TS; default true. */
  readonly rtp?: boolean
  readonly ssrc: number
  readonly sequence?: number
  readonly illness?: LegIllness
  /** Local address to send from; default 127.0.0.1. */
  readonly from?: string
}

/**
 * How an encoder identifies itself after a restart. Without an SSRC or sequence number, it keeps the SSRC or counts on.
 */
export interface Identity {
  readonly programme: string
  readonly ssrc?: number
  readonly sequence?: number
}

export type FeedCommand =
  | {
      readonly cmd: "programme"
      readonly id: string
      readonly options: TestProgrammeOptions
      readonly skipSeconds?: number
    }
  /** Asks for the microseconds of a programme's time that have passed. */
  | { readonly cmd: "elapsed"; readonly id: string }
  | { readonly cmd: "leg"; readonly id: string; readonly options: LegOptions }
  | { readonly cmd: "illness"; readonly id: string; readonly illness: LegIllness }
  | {
      readonly cmd: "restart"
      readonly id: string
      readonly options: TestProgrammeOptions
      readonly identity: Identity
      /** Whether the discontinuity is signalled on every PID. */
      readonly flagged?: boolean
      readonly pauseMs?: number
    }
  | { readonly cmd: "sent"; readonly id: string }
  | { readonly cmd: "end"; readonly id: string }

/** Bit rate of the programmes of a feed, in bit/s. */
export const FEED_BITRATE = 2_000_000
/** PTS at which the programmes begin, far apart, so that each picture tells to which programme it belongs. */
export const START_PTS = { A: 900_000, B: 500_000_000, C: 4_000_000_000 } as const
export type ProgrammeName = keyof typeof START_PTS
/**
 * Seconds by which each programme, which all run side by side, is ahead of A, so that their access points do not fall
 * together.
 */
export const SKIP_SECONDS: Readonly<Record<ProgrammeName, number>> = { A: 0, B: 0.9, C: 1.4 }

export const programmeOptions = (name: ProgrammeName, more: TestProgrammeOptions = {}): TestProgrammeOptions => ({
  bitrate: FEED_BITRATE,
  breakEverySeconds: 0,
  spliceNullSeconds: 1,
  label: `PROGRAMME ${name}`,
  seed: name.charCodeAt(0),
  startPts90k: START_PTS[name],
  ...more,
})

/** The programme that a PTS belongs to, and how long it has run, in seconds. */
export const programmeAt = (
  pts: number | null | undefined,
): { readonly name: ProgrammeName; readonly seconds: number } | null => {
  if (pts === null || pts === undefined) return null
  const names = Object.keys(START_PTS) as ReadonlyArray<ProgrammeName>
  const name = names.findLast((n) => pts >= START_PTS[n])
  return name === undefined ? null : { name, seconds: (pts - START_PTS[name]) / 90_000 }
}

export class FeedLeg {
  readonly port: number
  readonly id: string
  readonly #feed: Feed

  constructor(feed: Feed, id: string, port: number) {
    this.#feed = feed
    this.id = id
    this.port = port
  }

  /** Makes the leg ill in this way, or healthy; resolves when that has happened. */
  is(illness: LegIllness): Promise<number> {
    return this.#feed.ask({ cmd: "illness", id: this.id, illness })
  }

  /** Lets another encoder take over the leg `pauseMs` later, with a programme from its beginning. */
  restart(
    identity: Identity,
    options: TestProgrammeOptions,
    more: { flagged?: boolean; pauseMs?: number } = {},
  ): Promise<number> {
    return this.#feed.ask({ cmd: "restart", id: this.id, identity, options, ...more })
  }

  /** Number of datagrams sent so far. */
  sent(): Promise<number> {
    return this.#feed.ask({ cmd: "sent", id: this.id })
  }

  end(): Promise<number> {
    return this.#feed.ask({ cmd: "end", id: this.id })
  }
}

export class Feed {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (value: number) => void; reject: (cause: Error) => void }>()
  readonly #ended: Promise<void>
  #requests = 0
  #legs = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = new Promise((resolve) =>
      child.once("exit", () => {
        for (const { reject } of this.#waiting.values()) reject(new Error("the feed has ended"))
        resolve()
      }),
    )
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => {
        const { error, re, value } = JSON.parse(line) as { re: number; value?: number; error?: string }
        const waiting = this.#waiting.get(re)
        this.#waiting.delete(re)
        if (error === undefined) waiting?.resolve(value ?? 0)
        else waiting?.reject(new Error(error))
      })
  }

  /** Starts the process and the programmes named. */
  static async start(names: ReadonlyArray<ProgrammeName> = ["A", "B"]): Promise<Feed> {
    const bun = `${root}node_modules/.bin/bun`
    const feed = new Feed(spawn(bun, [`${root}test/e2e/leg-sender.ts`], { stdio: ["pipe", "pipe", "inherit"] }))
    for (const id of names)
      await feed.ask({ cmd: "programme", id, options: programmeOptions(id), skipSeconds: SKIP_SECONDS[id] })
    return feed
  }

  ask(command: FeedCommand): Promise<number> {
    const re = ++this.#requests
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        return reject(new Error("the feed has ended"))
      this.#waiting.set(re, { resolve, reject })
      this.#child.stdin?.write(`${JSON.stringify({ re, ...command })}\n`)
    })
  }

  /** Opens a leg to a port; to a free one when `more` names none. */
  async leg(programme: ProgrammeName, more: Partial<Omit<LegOptions, "programme">> = {}): Promise<FeedLeg> {
    const id = `leg ${++this.#legs}`
    const port = more.port ?? (await freeUdpPort())
    const options: LegOptions = {
      ssrc: 0x1000_0000 + this.#legs * 0x0101,
      sequence: this.#legs * 1000,
      ...more,
      programme,
      port,
    }
    await this.ask({ cmd: "leg", id, options })
    return new FeedLeg(this, id, port)
  }

  /** Seconds that a programme has run. */
  async elapsed(programme: ProgrammeName): Promise<number> {
    return (await this.ask({ cmd: "elapsed", id: programme })) / 1e6
  }

  /** Kills the process: nothing more is sent once this resolves. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL")
    await this.#ended
  }
}
