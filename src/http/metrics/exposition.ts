/**
 * Metrics in Prometheus' text format 0.0.4, written from plain numbers: a registry that copies each figure into objects
 * of its own would block the control plane for several times as long (`docs/metrics.md`, "Cost of a scrape").
 */

export type MetricType = "counter" | "gauge" | "histogram"

/**
 * Writes one sample; `more` are labels beyond the object's own, by `label`; `suffix` is for the parts of a histogram.
 */
export type Put = (value: number, more?: string, suffix?: "" | "_bucket" | "_sum" | "_count") => void

/** A metric of objects of kind `A`: channels, legs, outputs, or the service. */
export interface Family<A> {
  /** Name without the prefix. */
  readonly name: string
  readonly type: MetricType
  /** Help text, one sentence. */
  readonly help: string
  /** Names of the labels that `read` adds to the object's. */
  readonly labels?: ReadonlyArray<string>
  readonly read: (of: A, put: Put) => void
}

/** A group of families whose samples carry the same labels. */
export interface Area<V> {
  readonly labels: ReadonlyArray<string>
  readonly families: ReadonlyArray<{
    readonly name: string
    readonly type: MetricType
    readonly help: string
    readonly labels: ReadonlyArray<string>
  }>
  readonly write: (view: V, out: string[]) => void
}

export const PREFIX = "distributor_"

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" }

/** A label as written in a sample. */
export const label = (name: string, value: string): string =>
  `${name}="${value.replace(/[\\"\n]/g, (c) => ESCAPES[c] ?? c)}"`

const join = (own: string, more: string) => (own === "" ? more : more === "" ? own : `${own},${more}`)

/**
 * Makes a group of families.
 * @param labels names of the labels of every object
 * @param objects the objects to show, each with its labels as text
 */
export const makeArea = <V, A>(
  labels: ReadonlyArray<string>,
  objects: (view: V) => ReadonlyArray<readonly [labels: string, object: A]>,
  families: ReadonlyArray<Family<A>>,
): Area<V> => ({
  labels,
  families: families.map(({ help, name, type, labels: more = [] }) => ({
    name,
    type,
    help,
    labels: [...labels, ...more],
  })),
  write: (view, out) => {
    const shown = objects(view)
    for (const { help, name, read, type } of families) {
      out.push(`# HELP ${PREFIX}${name} ${help}\n# TYPE ${PREFIX}${name} ${type}\n`)
      let own = ""
      const put: Put = (value, more = "", suffix = "") => {
        const all = join(own, more)
        out.push(all === "" ? `${PREFIX}${name}${suffix} ${value}\n` : `${PREFIX}${name}${suffix}{${all}} ${value}\n`)
      }
      for (const [text, object] of shown) {
        own = text
        read(object, put)
      }
    }
  },
})

/** A counter that shows one number of the object. */
export const counter = <A>(name: string, help: string, read: (of: A) => number): Family<A> => ({
  name,
  type: "counter",
  help,
  read: (of, put) => put(read(of)),
})

/** A gauge that shows one number of the object; absent while that is null. */
export const gauge = <A>(name: string, help: string, read: (of: A) => number | boolean | null): Family<A> => ({
  name,
  type: "gauge",
  help,
  read: (of, put) => {
    const value = read(of)
    if (value !== null) put(Number(value))
  },
})

/** A family with one sample for each value of a closed set. */
export const by = <A, const T extends string>(
  type: MetricType,
  name: string,
  help: string,
  [labelName, values]: readonly [label: string, values: ReadonlyArray<T>],
  read: (of: A, value: T) => number | boolean,
): Family<A> => {
  const texts = values.map((value) => [value, label(labelName, value)] as const)
  return {
    name,
    type,
    help,
    labels: [labelName],
    read: (of, put) => {
      for (const [value, text] of texts) put(Number(read(of, value)), text)
    },
  }
}

/** Unix time in ms as seconds; 0 for never. */
export const timestamp = (ms: number | null): number => (ms === null ? 0 : ms / 1000)
