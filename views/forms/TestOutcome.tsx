/** @jsxImportSource hono/jsx */
import type { OutputTest } from "../../src/engine/messages.ts"

/** What a test of a destination did, step by step, and how it ended. */
export const TestOutcome = ({ test }: { readonly test: OutputTest }) => (
  <section class={test.ok ? "banner good" : "banner error"} aria-label="Test of the destination">
    <p>
      {test.ok ? "The test went well" : "The test failed"} ({test.took_ms} ms{test.address === null ? "" : `, ${test.address}`})
    </p>
    <ol>
      {test.steps.map((step) => (
        <li>{step}</li>
      ))}
    </ol>
    {test.error === null ? null : (
      <p>
        {test.error.message}
        {test.error.transient ? "" : ". Trying again will not help: something has to be changed first."}
      </p>
    )}
  </section>
)
