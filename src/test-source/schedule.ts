// Says when the breaks of the test programme are, and which SCTE-35 sections announce them, as functions of the time
// since the start.
import { FRAMES_PER_SECOND } from "./picture.ts"
import { spliceInsert, spliceNull } from "./splice.ts"

/** Duration of one video frame in 90 kHz ticks. */
export const FRAME_90K = 90_000 / FRAMES_PER_SECOND
/**
 * Seconds before a break at which cues announce it. The last one keeps the four seconds of SCTE 35 9.2 (and SCTE 67).
 */
const PRE_ROLLS = [7.6, 5.6, 4.1]
const PTS_MODULUS = 2 ** 33

/** Lengths of breaks and distances between them, in frames; break number n (from 1) starts at n x every. */
export interface BreakPlan {
  readonly everyFrames: number
  readonly frames: number
}

/** Returns the break that a frame is in, or else the next one; undefined without breaks. */
export const breakAt = (
  plan: BreakPlan | undefined,
  frame: number,
): { number: number; on: boolean; framesLeft: number } | undefined => {
  if (plan === undefined) return undefined
  const number = Math.floor(frame / plan.everyFrames)
  const into = frame - number * plan.everyFrames
  if (number > 0 && into < plan.frames) return { number, on: true, framesLeft: plan.frames - into }
  return { number: number + 1, on: false, framesLeft: plan.everyFrames - into }
}

/** Whether a frame is at a splice point, so that it must be an IDR picture. */
export const isSplicePoint = (plan: BreakPlan | undefined, frame: number): boolean => {
  if (plan === undefined || frame < plan.everyFrames) return false
  const into = frame % plan.everyFrames
  return into === 0 || into === plan.frames
}

interface Message {
  readonly atFrame: number
  readonly section: Uint8Array
}

/** The sections in the order in which they are sent. Times are frames since the start, and may be fractions. */
export class CueSchedule {
  readonly #plan: BreakPlan | undefined
  readonly #startPts90k: number
  readonly #programNumber: number
  readonly #heartbeatFrames: number
  readonly #heartbeat = spliceNull()
  #nextHeartbeat = 0
  #plannedBreaks = 0
  #messages: Message[] = []

  constructor(plan: BreakPlan | undefined, startPts90k: number, programNumber: number, heartbeatFrames: number) {
    this.#plan = plan
    this.#startPts90k = startPts90k
    this.#programNumber = programNumber
    this.#heartbeatFrames = heartbeatFrames
  }

  /** Takes the next section that is due; undefined when none is due yet. */
  take(frame: number): Uint8Array | undefined {
    // The plan reaches two breaks ahead: when breaks are close together, the next is announced before this one ends.
    while (this.#plan !== undefined && frame >= (this.#plannedBreaks - 1) * this.#plan.everyFrames)
      this.#planBreak(this.#plan)
    const first = this.#messages[0]
    if (first !== undefined && frame >= first.atFrame) {
      this.#messages.shift()
      return first.section
    }
    if (this.#heartbeatFrames > 0 && frame >= this.#nextHeartbeat) {
      this.#nextHeartbeat += this.#heartbeatFrames
      return this.#heartbeat
    }
    return undefined
  }

  #planBreak(plan: BreakPlan): void {
    const number = ++this.#plannedBreaks
    const out = number * plan.everyFrames
    const back = out + plan.frames
    const pts = (frame: number): number => (this.#startPts90k + frame * FRAME_90K) % PTS_MODULUS
    const event = { eventId: number >>> 0, uniqueProgramId: this.#programNumber }
    const announcement = spliceInsert({
      ...event,
      outOfNetwork: true,
      pts90k: pts(out),
      duration90k: plan.frames * FRAME_90K,
    })
    for (const seconds of PRE_ROLLS) {
      const atFrame = out - seconds * FRAMES_PER_SECOND
      if (atFrame >= 0) this.#messages.push({ atFrame, section: announcement })
    }
    // A break that is shorter than the pre-roll announces its end once it has begun.
    const atFrame = Math.max(back - (PRE_ROLLS.at(-1) ?? 0) * FRAMES_PER_SECOND, out + 1)
    this.#messages.push({ atFrame, section: spliceInsert({ ...event, outOfNetwork: false, pts90k: pts(back) }) })
    this.#messages.sort((a, b) => a.atFrame - b.atFrame)
  }
}
