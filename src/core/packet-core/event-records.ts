/** What the packet core tells of: the records of its event area. */
import { EVENT_COUNT, EVENT_DATA_USED, EVENT_SIZE, EVENTS } from "../assembly/memory/layout.ts"

/** One event record; `type` is an EVENT_* constant, which says what `pid`, `a` and `b` mean. `data` is a copy. */
export interface CoreEvent {
  readonly type: number
  readonly leg: number
  readonly pid: number
  readonly a: number
  readonly b: number
  readonly data: Uint8Array
  /** Position in the channel's ring, of an EVENT_SCTE35 of what goes out. */
  readonly position: number
}

/** The events in the memory that `u8` and `u32` show, oldest first; empties the area. */
export const takeEvents = (u8: Uint8Array, u32: Uint32Array): CoreEvent[] => {
  const count = u32[EVENT_COUNT >> 2] ?? 0
  const events: CoreEvent[] = []
  for (let i = 0; i < count; i++) {
    const word = (EVENTS + i * EVENT_SIZE) >> 2
    const read = (field: number) => u32[word + field] ?? 0
    const start = read(5)
    events.push({
      type: read(0),
      leg: read(1),
      pid: read(2),
      a: read(3),
      b: read(4),
      data: u8.slice(start, start + read(6)),
      position: read(7),
    })
  }
  u32[EVENT_COUNT >> 2] = 0
  u32[EVENT_DATA_USED >> 2] = 0
  return events
}
