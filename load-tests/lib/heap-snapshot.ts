/** Heap snapshots of a page, counted by what the objects are. */
import type { LoneChromium } from "./lone-chromium.ts"

interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: ReadonlyArray<string>
      readonly node_types: readonly [types: ReadonlyArray<string>, ...rest: ReadonlyArray<unknown>]
    }
  }
  readonly nodes: ReadonlyArray<number>
  readonly strings: ReadonlyArray<string>
}

/** Number and size of the objects of a kind. */
export interface Held {
  readonly count: number
  /** Bytes. */
  readonly size: number
}

/** Kinds whose names are the contents of each object. */
const BY_TYPE = new Set(["string", "concatenated string", "sliced string", "code", "hidden", "number", "regexp"])

/** What the page's heap holds once garbage is collected, by constructor. */
export const heapOf = async ({ ask, on }: LoneChromium): Promise<ReadonlyMap<string, Held>> => {
  const chunks: string[] = []
  on<{ readonly chunk: string }>("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk))
  await ask("HeapProfiler.enable")
  await ask("HeapProfiler.collectGarbage")
  await ask("HeapProfiler.takeHeapSnapshot", { reportProgress: false })
  await ask("HeapProfiler.disable")
  const { nodes, snapshot, strings } = JSON.parse(chunks.join("")) as Snapshot
  const fields = snapshot.meta.node_fields
  const [types] = snapshot.meta.node_types
  const [typeAt, nameAt, sizeAt] = ["type", "name", "self_size"].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ]
  const held = new Map<string, Held>()
  for (let at = 0; at < nodes.length; at += fields.length) {
    const type = types[nodes[at + typeAt] ?? 0] ?? ""
    const kind = BY_TYPE.has(type) ? `(${type})` : (strings[nodes[at + nameAt] ?? 0] ?? "")
    const { count, size } = held.get(kind) ?? { count: 0, size: 0 }
    held.set(kind, { count: count + 1, size: size + (nodes[at + sizeAt] ?? 0) })
  }
  return held
}

/** Bytes of all that is held. */
export const sizeOf = (heap: ReadonlyMap<string, Held>): number =>
  [...heap.values()].reduce((sum, { size }) => sum + size, 0)

/** The kinds of which `later` holds more bytes, those that grew most first. */
export const grownSince = (
  earlier: ReadonlyMap<string, Held>,
  later: ReadonlyMap<string, Held>,
): ReadonlyArray<Held & { readonly kind: string }> =>
  [...later]
    .map(([kind, { count, size }]) => {
      const before = earlier.get(kind) ?? { count: 0, size: 0 }
      return { kind, count: count - before.count, size: size - before.size }
    })
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size)
