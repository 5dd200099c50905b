/** @jsxImportSource hono/jsx */
import type { OutputTestView } from "../../src/effects/model/channel.ts"

const HEADS = { ok: "The test went well", failed: "The test failed", unknown: "The test could not tell" } as const
const LOOKS = { ok: "banner good", failed: "banner error", unknown: "banner warning" } as const

/** Outcome of a dry run: what it did, step by step, and how it ended. */
export const TestOutcome = ({ test }: { readonly test: OutputTestView }) => (
  <section class={LOOKS[test.outcome]} aria-label="Test of the destination">
    <p>
      {HEADS[test.outcome]} ({test.took_ms} ms{test.address === null ? "" : `, ${test.address}`})
    </p>
    <ol>
      {test.steps.map((step) => (
        <li>{step}</li>
      ))}
    </ol>
    {test.untested === null ? null : <p>It is not known whether the output would work: {test.untested}.</p>}
    {test.error === null ? null : (
      <p>
        {test.error.message}
        {test.error.transient ? "" : ". Trying again will not help: something has to be changed first."}
      </p>
    )}
  </section>
)
