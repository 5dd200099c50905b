/**
 * A case of the packet core as bytes: steps, each of one byte for what is done, one for its argument, two for the time
 * since the step before, two for the length of the bytes that follow. Any bytes are a case; what is cut short ends it.
 */

/** What is done, by number: datagrams to one of the ways in, or what the engine does to the core. */
export const ACTIONS = ["media", "row", "column", "relayed", "tick", "source", "merge", "insert", "scte35_pid"] as const
export type Action = (typeof ACTIONS)[number]

export interface Step {
  readonly action: Action
  /** Leg 0 or 1 in bit 0; bit 1: the next step's datagram is in the same batch; the rest for the action. */
  readonly argument: number
  /** In steps of 50 us: up to 3.2 s. */
  readonly gap: number
  readonly bytes: Uint8Array
}

export const GAP_US = 50
const HEADER = 6

export const encodeSteps = (steps: ReadonlyArray<Step>): Uint8Array => {
  const bytes = new Uint8Array(steps.reduce((sum, step) => sum + HEADER + step.bytes.length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const step of steps) {
    view.setUint8(at, ACTIONS.indexOf(step.action))
    view.setUint8(at + 1, step.argument)
    view.setUint16(at + 2, step.gap)
    view.setUint16(at + 4, step.bytes.length)
    bytes.set(step.bytes, at + HEADER)
    at += HEADER + step.bytes.length
  }
  return bytes
}

export const decodeSteps = (bytes: Uint8Array): ReadonlyArray<Step> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const steps: Step[] = []
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = view.getUint16(at + 4)
    steps.push({
      action: ACTIONS[view.getUint8(at) % ACTIONS.length] ?? "tick",
      argument: view.getUint8(at + 1),
      gap: view.getUint16(at + 2),
      bytes: bytes.subarray(at + HEADER, Math.min(bytes.length, at + HEADER + length)),
    })
    at += HEADER + length
  }
  return steps
}
