/** PromQL as dashboards write it, read by Prometheus' own grammar. */
import { parser } from "@prometheus-io/lezer-promql"

export interface Selector {
  /** Empty when only matchers name it. */
  readonly metric: string
  /** As `job=~"$job"`. */
  readonly matchers: ReadonlyArray<string>
  /** Between its brackets, as the dashboard writes it; null for an instant. */
  readonly range: string | null
  /** Function that takes it directly; null for none. */
  readonly function: string | null
}

export interface Parsed {
  /** Text around the first place that cannot be read; null when all can. */
  readonly error: string | null
  readonly selectors: ReadonlyArray<Selector>
}

/** Durations of Grafana's variables, all different, so that they can be told apart in what was parsed. */
const DURATIONS: Readonly<Record<string, string>> = { $__rate_interval: "41s", $__interval: "43s", $__range: "47s" }

type Node = ReturnType<typeof parser.parse>["topNode"]

const ancestors = function* (node: Node): Generator<Node> {
  for (let at = node.parent; at !== null; at = at.parent) yield at
}

export const parsePromql = (expr: string): Parsed => {
  const text = Object.entries(DURATIONS).reduce((all, [name, duration]) => all.replaceAll(name, duration), expr)
  const at = ({ from, to }: Node) => text.slice(from, to)
  const selectors: Selector[] = []
  let error: string | null = null
  parser.parse(text).iterate({
    enter: ({ node }) => {
      if (node.type.isError) error ??= `${text.slice(0, node.from)} HERE ${text.slice(node.from)}`
      if (node.name !== "VectorSelector") return
      const matrix = node.parent?.name === "MatrixSelector" ? node.parent : null
      const range = matrix?.getChild("DurationExpr") ?? null
      const written = range === null ? null : at(range)
      const call = [...ancestors(node)].find(
        ({ name }) => name === "FunctionCall" || name === "AggregateExpr" || name === "BinaryExpr",
      )
      const name = node.getChild("Identifier")
      const called = call?.name === "FunctionCall" ? call.getChild("FunctionIdentifier") : null
      selectors.push({
        metric: name === null ? "" : at(name),
        matchers: node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher").map(at) ?? [],
        range: Object.entries(DURATIONS).find(([, duration]) => duration === written)?.[0] ?? written,
        function: called === null || called === undefined ? null : at(called),
      })
    },
  })
  return { error: text.trim() === "" ? "nothing" : error, selectors }
}
