/** Arbitrary AMF0 values for property tests. */
import fc from "fast-check"
import type { AmfValue } from "../amf0.ts"

/** Text without lone surrogates, which UTF-8 cannot express. */
export const text = fc.string({ unit: "binary", maxLength: 20 })

const leaf: fc.Arbitrary<AmfValue> = fc.oneof(
  fc.double(),
  fc.boolean(),
  text,
  fc.constant(null),
  fc.constant(undefined),
  fc.record({
    kind: fc.constant("date" as const),
    milliseconds: fc.double(),
    timeZone: fc.integer({ min: -32768, max: 32767 }),
  }),
  fc.record({ kind: fc.constant("xml" as const), text }),
)

/** Values that are nested up to four deep. */
export const amfValue: fc.Arbitrary<AmfValue> = fc.letrec<{ value: AmfValue }>((tie) => {
  const properties = fc.array(fc.tuple(text, tie("value")), { maxLength: 4 })
  return {
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.record({ kind: fc.constant("object" as const), properties }),
      fc.record({ kind: fc.constant("ecmaArray" as const), properties }),
      fc.record({ kind: fc.constant("typedObject" as const), className: text, properties }),
      fc.record({ kind: fc.constant("strictArray" as const), values: fc.array(tie("value"), { maxLength: 4 }) }),
    ),
  }
}).value
