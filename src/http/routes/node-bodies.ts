/** Bodies of requests about nodes and about where channels run. */
import { Schema } from "effect"
import { ISOLATED } from "../../core/placement/model.ts"
import { matches } from "../../effects/config/pattern.ts"

/** Names of nodes, as `NODE_NAME` takes them. */
export const NODE_NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/
const NodeName = Schema.String.pipe(
  matches(NODE_NAME, "must be the name of a node: 1 to 63 lower-case letters, digits, dots and hyphens"),
)
const LabelValue = Schema.String.pipe(
  matches(/^[A-Za-z0-9._-]{0,63}$/, "must be 63 letters, digits, dots, hyphens and underscores at most"),
)
const LABEL_NAME = /^[a-z][a-z0-9_]{0,31}$/
const Labels = Schema.Record({ key: Schema.String, value: LabelValue }).pipe(
  Schema.filter(
    (labels) => {
      const bad = Object.keys(labels).find((name) => !LABEL_NAME.test(name))
      return bad === undefined
        ? undefined
        : `${JSON.stringify(bad.slice(0, 40))} is no name of a label: 32 lower-case letters, digits and underscores at most`
    },
    { jsonSchema: {} },
  ),
)

/** Most channels that one node may be said to carry. */
export const MAX_CAPACITY = 10_000

export const NodeChange = Schema.Struct({
  labels: Schema.optionalWith(Labels, { exact: true }),
  capacity: Schema.optionalWith(Schema.Int.pipe(Schema.between(0, MAX_CAPACITY)), { exact: true }),
})

export const PlacementInput = Schema.Struct({
  home: Schema.optionalWith(NodeName, { exact: true }),
  standby: Schema.optionalWith(Schema.NullOr(NodeName), { exact: true }),
  isolated: Schema.optionalWith(Schema.Literal(...ISOLATED), { exact: true }),
})

export const MoveInput = Schema.Struct({
  node: NodeName,
  force: Schema.optionalWith(Schema.Boolean, { exact: true }),
})
